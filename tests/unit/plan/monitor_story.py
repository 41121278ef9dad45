"""A world with data at revision 1, a model that serves, and a monitor; with words for what happens.

The Dataset and the runs are planned as in a cluster, so that the kinds meet only through status.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plumbline.api import names, resources
from plumbline.api.objects import Key
from plumbline.api.plan import Plan
from plumbline.api.v1alpha1 import (
    Dataset,
    DriftMonitor,
    ModelDeployment,
    TrainingRun,
    TrainingTemplate,
)
from plumbline.live.observations import Assessment, BrokenFinding, ColumnFinding, PodProblem
from plumbline.plan.drift_monitor import plan as drift_monitor
from plumbline.plan.drift_monitor.snapshot import DriftMonitorSnapshot

from tests.unit.plan import builders
from tests.unit.plan.world import PLANNERS, Object, World, as_text

RETRAIN = {"mode": "Retrain", "templateRef": {"name": "flights"}, "cooldownSeconds": 300}


@dataclass
class MonitorWorld(World):
    """A world in which live traffic is looked at."""

    assessment: Assessment | None = None
    unreadable: tuple[PodProblem, ...] = ()
    crash_after: int | None = None
    planners: Mapping[Any, Any] = field(
        default_factory=lambda: {**PLANNERS, resources.DRIFT_MONITOR: _plan}
    )

    def pass_over_all(self) -> int:
        self.requests = tuple(sorted(self._asked()))
        return super().pass_over_all()

    def _asked(self) -> list[str]:
        seen = [o for k, o in self.objects.items() if k.resource == resources.DRIFT_MONITOR]
        return [m["status"]["refresh"] for m in seen if m["status"].get("refresh")]


def _plan(world: World, key: Key) -> Plan:
    return drift_monitor.plan(snapshot(world, key))


def snapshot(world: World, key: Key) -> DriftMonitorSnapshot:
    """Gather what the plan of a monitor looks at."""
    assert isinstance(world, MonitorWorld)
    found = {k.resource.kind + "/" + k.name: o for k, o in world.objects.items()}
    runs = [o for k, o in sorted(world.objects.items()) if k.resource == resources.TRAINING_RUN]
    mine = [r for r in runs if r["metadata"].get("labels", {}).get(names.MONITOR_LABEL) == key.name]
    return DriftMonitorSnapshot(
        monitor=DriftMonitor.model_validate(world.objects[key]),
        deployment=_read(ModelDeployment, found.get("ModelDeployment/flights")),
        template=_read(TrainingTemplate, found.get("TrainingTemplate/flights")),
        dataset=_read(Dataset, found.get("Dataset/flights")),
        runs=tuple(TrainingRun.model_validate(run) for run in mine),
        taken=frozenset(run["metadata"]["name"] for run in runs),
        assessment=world.assessment,
        unreadable=world.unreadable,
        now=world.now,
    )


def _read(kind: Any, obj: Object | None) -> Any:
    return kind.model_validate(obj) if obj else None


def monitor(name: str = "watch", **response: Any) -> Object:
    """Return a DriftMonitor that retrains."""
    spec = {"deploymentRef": {"name": "flights"}, "response": {**RETRAIN, **response}}
    return builders.manifest("DriftMonitor", name, spec)


def look(
    model: str = "a",
    *,
    drifted: bool = False,
    broken: bool = False,
    rule: str = "Min",
    mended: tuple[tuple[str, int], ...] = (),
    rows: int = 400,
    lost: int = 0,
) -> Assessment:
    """Return a look at live traffic."""
    temp = ColumnFinding(
        name="temp",
        score=1.25 if drifted else 0.02,
        threshold=0.1,
        log10_p=-40.0 if drifted else -0.5,
        rows=rows,
        alarm=drifted,
    )
    calm = ColumnFinding(
        name="carrier", score=0.01, threshold=0.1, log10_p=-0.2, rows=rows, alarm=False
    )
    wrong = BrokenFinding(column="temp", rule=rule, rows=rows // 2, of=rows)
    return Assessment(
        model=builders.digest(model),
        drifted=drifted,
        findings=(temp, calm),
        broken=(wrong,) if broken else (),
        recovered=mended,
        window_rows=rows,
        rows_lost=lost,
    )


class MonitorStory:
    """One monitor and what happens around it."""

    def __init__(self, *, name: str = "watch", serves: bool = True, **response: Any) -> None:
        self.name = name
        self.world = MonitorWorld()
        self.data_uid = self.world.add(builders.dataset())["metadata"]["uid"]
        self.world.add(builders.template())
        self.world.settle()
        self.fetches(builders.profiled(self.data_uid, "a"))
        self.serves("a", revision=1) if serves else None
        self.world.add(monitor(name, **response))
        self.world.settle()

    @property
    def status(self) -> Object:
        return self.world.get("DriftMonitor", self.name)["status"]

    @property
    def episode(self) -> Object:
        return self.status.get("episode") or {}

    @property
    def runs(self) -> list[str]:
        return self.world.names("TrainingRun")

    @property
    def history(self) -> list[tuple[str, str]]:
        return [(each["id"], each["outcome"]) for each in self.status.get("history", ())]

    def serves(self, model: str, *, revision: int) -> None:
        """Let this model serve from now on."""
        made = builders.deployment(stable=model)
        made["status"]["stable"]["revision"] = revision
        if ("ModelDeployment", "flights") in [
            (k.resource.kind, k.name) for k in self.world.objects
        ]:
            self.world.get("ModelDeployment", "flights")["status"] = made["status"]
        else:
            self.world.add(made)

    def sees(self, **what: Any) -> None:
        """Let the newest look say this."""
        self.world.assessment = look(**what)
        self.world.settle()

    def fetches(self, outcome: Any) -> None:
        """Let every profile Job under way end like this."""
        for job in self.world.names("Job"):
            uid = self.world.get("Job", job)["metadata"]["uid"]
            if "profile" in job and uid not in self.world.outcomes:
                self.world.finish(job, outcome)
        self.world.settle()

    def new_rows(self, word: str = "b") -> None:
        self.fetches(builders.profiled(self.data_uid, word))

    def same_rows(self) -> None:
        self.fetches(builders.profiled(self.data_uid, "a"))

    def bad_rows(self) -> None:
        self.fetches(builders.broken(self.data_uid))

    def ends(self, run: str, verdict: str | None) -> None:
        """Let a run end with this verdict, or for good without one, and look."""
        self.ended(run, verdict)
        self.world.settle()

    def ended(self, run: str, verdict: str | None) -> None:
        """Let a run end before anybody looks."""
        obj = self.world.get("TrainingRun", run)
        ended = self.world.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        told = {
            "type": "Ready",
            "status": "True" if verdict == "Passed" else "False",
            "reason": "Complete" if verdict == "Passed" else "GateFailed",
            "message": "auc 0.61 [0.60, 0.62] misses auc >= 0.65",
        }
        dataset = self.world.get("Dataset", "flights")["status"]
        pinned = {"name": "flights", "revision": dataset["revision"]}
        pinned |= {"digest": dataset["digest"], "manifest": dataset["manifest"]}
        obj["status"] = {"completionTime": ended, "conditions": [told], "dataset": pinned}
        if verdict:
            obj["status"]["verdict"] = verdict

    def condition(self, type_: str) -> Object:
        found = self.world.condition("DriftMonitor", self.name, type_)
        return found or {"status": "absent", "reason": "", "message": ""}

    def told(self, reason: str) -> list[str]:
        return [event.message for event in self.world.events if event.reason == reason]

    def waits(self, seconds: float) -> None:
        self.world.advance(seconds)
        self.world.settle()

    def crashes(self, writes: int) -> None:
        """Let the operator end after this many writes of the monitor's next plan."""
        key = self.world.key("DriftMonitor", self.name)
        before = copy.deepcopy(self.world.objects)
        plan = self.world.plan(key)
        self.world.carry_out(key, plan)
        done = [each for each in (*map(_key, plan.create), key)][writes:]
        for each in done:
            if each in before:
                self.world.objects[each] = before[each]
            else:
                self.world.objects.pop(each, None)


def _key(manifest: Any) -> Key:
    about = manifest["metadata"]
    found = resources.BY_KIND[manifest["apiVersion"], manifest["kind"]]
    return Key(found, about["namespace"], about["name"])


__all__ = ["MonitorStory", "MonitorWorld", "as_text", "look", "monitor", "snapshot"]

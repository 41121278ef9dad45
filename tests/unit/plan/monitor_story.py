"""A world with data at revision 1, a model that serves, and a monitor; with words for what happens.

The Dataset and the runs are planned as in a cluster; what serves is told by the test.
"""

from typing import Any

from plumbline.live.observations import (
    Assessment,
    BrokenFinding,
    ColumnFinding,
    PodProblem,
    SuspectFinding,
)
from plumbline.plan.common.job_outcome import JobOutcome

from tests.sim.loop import results
from tests.sim.loop.world import World
from tests.unit.plan import builders

Object = dict[str, Any]
RETRAIN = {"mode": "Retrain", "templateRef": {"name": "flights"}, "cooldownSeconds": 300}
LOOK_AGAIN = 10


def monitor(name: str = "watch", **response: Any) -> Object:
    """Return a DriftMonitor that retrains."""
    spec = {"deploymentRef": {"name": "flights"}, "response": {**RETRAIN, **response}}
    return builders.manifest("DriftMonitor", name, spec)


def look(
    model: str = "a",
    *,
    drifted: bool = False,
    broken: bool = False,
    suspect: bool = False,
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
    odd = SuspectFinding(
        column="temp", rule="OneValue", saw="one value from 0 to 1", rows=rows // 4, of=rows
    )
    return Assessment(
        model=builders.digest(model),
        drifted=drifted,
        findings=(temp, calm),
        broken=(wrong,) if broken else (),
        suspects=(odd,) if suspect else (),
        recovered=mended,
        window_rows=rows,
        rows_lost=lost,
    )


class MonitorStory:
    """One monitor and what happens around it."""

    def __init__(self, *, name: str = "watch", serves: bool = True, **response: Any) -> None:
        self.name = name
        self.world = World(idle=("ModelDeployment",))
        self.key = self.world.key("DriftMonitor", name)
        self.data_uid = self.world.add(builders.dataset())["metadata"]["uid"]
        self.world.add(builders.template())
        self.world.settle()
        self.fetches(builders.profiled(self.data_uid, "a"))
        self.serves("a", revision=1) if serves else None
        self.world.add(monitor(name, **response))
        self.world.settle()

    @property
    def status(self) -> Object:
        found: Object = self.world.get("DriftMonitor", self.name)["status"]
        return found

    @property
    def episode(self) -> Object:
        return self.status.get("episode") or {}

    @property
    def runs(self) -> list[str]:
        return self.world.names("TrainingRun")

    @property
    def history(self) -> list[tuple[str, str]]:
        return [(each["id"], each["outcome"]) for each in self.status.get("history", ())]

    @property
    def assessment(self) -> Assessment | None:
        """The newest look; one that is set wakes the monitor, without one an operator starts."""
        return self.world.live.looks.get(self.key)

    @assessment.setter
    def assessment(self, found: Assessment | None) -> None:
        if found is None:
            self.world.live.looks.pop(self.key, None)
            self.world.restart()
        else:
            self.world.live.looks[self.key] = found
            self.world.process.queue.add(self.key)

    def cannot_read(self, *problems: PodProblem) -> None:
        """Let these pods' counts be unreadable, until the monitor looks again."""
        self.world.live.unread[self.key] = problems
        self.world.advance(LOOK_AGAIN)

    def cannot_evaluate(self, why: str) -> None:
        """Let nobody be able to judge the rows that are counted, until the monitor looks again."""
        self.world.live.blind[self.key] = why
        self.world.advance(LOOK_AGAIN)
        self.world.settle()

    def serves(self, model: str, *, revision: int) -> None:
        """Let this model serve from now on."""
        made = builders.deployment(stable=model)
        made["status"]["stable"]["revision"] = revision
        if self.world.find("ModelDeployment", "flights"):
            self.world.set_status("ModelDeployment", "flights", made["status"])
        else:
            self.world.add(made)

    def sees(self, **what: Any) -> None:
        """Let the newest look say this."""
        self.assessment = look(**what)
        self.world.settle()

    def fetches(self, outcome: JobOutcome) -> None:
        """Let every profile Job under way end like this."""
        for job in results.active(self.world):
            if results.component_of(job) == "profile":
                results.finish(self.world, job, outcome)
        self.world.settle()

    def new_rows(self, word: str = "b") -> None:
        self.fetches(builders.profiled(self.data_uid, word))

    def same_rows(self) -> None:
        self.fetches(builders.profiled(self.data_uid, "a"))

    def bad_rows(self) -> None:
        self.fetches(builders.broken(self.data_uid))

    def ends(self, run: str, verdict: str | None) -> None:
        """Let a run end with this verdict, or for good without one."""
        ended = self.world.time.stamp()
        told = {
            "type": "Ready",
            "status": "True" if verdict == "Passed" else "False",
            "reason": "Complete" if verdict == "Passed" else "GateFailed",
            "message": "The gate failed: auc 0.61 (95 % CI 0.6-0.62, 5000 rows) is below 0.65.",
        }
        dataset = self.world.get("Dataset", "flights")["status"]
        pinned = {"name": "flights", "revision": dataset["revision"]}
        pinned |= {"digest": dataset["digest"], "manifest": dataset["manifest"]}
        status: Object = {"completionTime": ended, "conditions": [told], "dataset": pinned}
        if verdict:
            manifest = self.world.archive.put({"run": run, "verdict": verdict})
            model = {"digest": builders.digest(run), "manifest": manifest}
            status |= {"verdict": verdict, "model": model}
        self.world.set_status("TrainingRun", run, status)
        self.world.settle()

    def condition(self, type_: str) -> Object:
        found = self.world.condition("DriftMonitor", self.name, type_)
        return found or {"status": "absent", "reason": "", "message": ""}

    def told(self, reason: str) -> list[str]:
        return [message for said, message in self.world.api.said if said == reason]

    def waits(self, seconds: float) -> None:
        self.world.advance(seconds)

    def confirms(self, episode: str) -> None:
        """Let a person confirm the change of an episode."""
        self.world.annotate("DriftMonitor", self.name, "plumbline.dev/confirm", episode)
        self.world.settle()

    def crashes(self, writes: int) -> None:
        """Let the operator end after this many more writes; another one goes on."""
        self.world.api.crash_after = writes
        self.world.settle()

"""Everything that can happen around the five kinds, in words that take a number to choose by."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from plumbline.api import names
from plumbline.api.resources import DRIFT_MONITOR, MODEL_DEPLOYMENT
from plumbline.api.v1alpha1 import ModelDeployment
from plumbline.live.observations import Arm, Assessment, BrokenFinding, ColumnFinding
from plumbline.plan.model_deployment.measure import routing_id
from plumbline.plan.registry import KINDS

from tests.sim.loop import pods, results
from tests.sim.loop.cluster import QUOTA
from tests.sim.loop.world import World
from tests.unit.plan import builders

Object = dict[str, Any]
Choice = TypeVar("Choice")
SELECTED = {names.TEMPLATE_LABEL: "flights"}
CHAMPION = {"deploymentRef": {"name": "flights"}, "metric": "auc", "margin": 0.01}
GATE = [{"metric": "auc", "min": 0.6}]
OURS = ("Dataset", "TrainingTemplate", "ModelDeployment", "DriftMonitor")
DATASETS: tuple[Object, ...] = (
    {"expectations": {"minRows": 2}},
    {"expectations": {"minRows": 3}},
    {"question": {"task": "Classification", "target": "late", "holdout": {"share": 0.3}}},
    {"question": None},
)
TEMPLATES: tuple[Object, ...] = (
    {"gates": {"metrics": GATE}},
    {"gates": {"metrics": GATE, "champion": CHAMPION}},
    {"backoffLimit": 3},
    {"features": ["temp"]},
    {"features": ["wind"]},
    {"datasetRef": {"name": "none"}},
    {"ttlSecondsAfterFinished": 60},
)
ROLLOUTS: tuple[Object, ...] = (
    {"replicas": 0},
    {"replicas": 1},
    {"replicas": 3},
    {"server": {"image": "mine:1"}},
    {"server": {"resources": {"memory": "2Gi"}}},
    {"rollout": {"steps": []}},
    {"rollout": {"steps": [{"weight": 5}, {"weight": 20, "pauseSeconds": 30}, {"weight": 100}]}},
    {"accept": {"gates": [{"metric": "auc", "min": 0.75}]}},
    {"accept": {"gates": []}},
    {"model": {"runRef": {"name": "r1"}}},
    {"model": {"selector": {"matchLabels": SELECTED}}},
)
MONITORS: tuple[Object, ...] = (
    {"response": {"mode": "Observe"}},
    {"response": {"mode": "Retrain", "templateRef": {"name": "flights"}, "cooldownSeconds": 60}},
    {"response": {"mode": "Retrain", "templateRef": {"name": "none"}}},
)
FAILURES = ("SourceUnreachable", "OOMKilled", "StoreUnreachable", "SourceNotFound", "ResultMissing")
STUCK = ("ImagePullBackOff", "ContainerCreating", "Unschedulable", "")


class Story:
    """A world in which a model is made, served and watched.

    Attributes:
        reached: how often each condition was set and each event was told.
    """

    def __init__(self, kinds: Any = KINDS, *, reached: Counter[str] | None = None) -> None:
        self.world = World(kinds)
        self.reached = reached if reached is not None else Counter()
        self._runs = self._rows = 0
        self._written = 0
        for what in OURS:
            self.world.add(made(what))
        self.world.settle()

    def happens(self, word: str, number: int = 0) -> None:
        """Let one thing happen, and everybody act on it."""
        getattr(self, word)(number)
        self.world.settle()
        self._count()
        if not self.world.is_held_up and not self.world.process.failing:
            serves_what_it_says(self.world)

    def in_service(self) -> None:
        """Let a model be made and serve."""
        for word in ("jobs_end", "run", "jobs_end", "jobs_end"):
            self.happens(word)

    # Users.

    def run(self, number: int) -> None:
        self._runs += 1
        self.world.add(builders.run(f"r{self._runs}", metadata={"labels": SELECTED}))

    def edit_dataset(self, number: int) -> None:
        self._edit("Dataset", "flights", DATASETS, number)

    def edit_template(self, number: int) -> None:
        self._edit("TrainingTemplate", "flights", TEMPLATES, number)

    def edit_serving(self, number: int) -> None:
        self._edit("ModelDeployment", "flights", ROLLOUTS, number)

    def edit_monitor(self, number: int) -> None:
        self._edit("DriftMonitor", "watch", MONITORS, number)

    def suspend(self, number: int) -> None:
        kind = _of(("Dataset", "ModelDeployment", "DriftMonitor"), number)
        self._edit(kind, _name(kind), ({"suspend": True}, {"suspend": False}), number // 3)

    def new_model(self, number: int) -> None:
        """Let a run be made, trained and judged."""
        self.run(number)
        for _ in range(2):
            self.world.settle()
            self.jobs_end(3)

    def go_on(self, number: int) -> None:
        """Let somebody mend what people and the cluster have done."""
        self.restore(number)
        for kind in ("Dataset", "ModelDeployment", "DriftMonitor"):
            self.world.edit(kind, _name(kind), suspend=False)
        self.world.edit("TrainingTemplate", "flights", **made("TrainingTemplate")["spec"])
        self.edit_monitor(1)
        self.pods_mend(number)
        self.store_back(number)
        self.quota(0)

    def delete(self, number: int) -> None:
        kind = _of((*OURS, "TrainingRun", "TrainingRun"), number)
        found = self.world.names(kind)
        if found:
            self.world.delete(kind, _of(found, number // 6))

    def restore(self, number: int) -> None:
        for kind in OURS:
            if self.world.find(kind, _name(kind)) is None:
                self.world.add(made(kind))

    def refresh(self, number: int) -> None:
        self._annotate("Dataset", "flights", names.REFRESH_ANNOTATION, number)

    def retry(self, number: int) -> None:
        self._annotate("ModelDeployment", "flights", names.RETRY_ANNOTATION, number)

    def relabel(self, number: int) -> None:
        if runs := self.world.names("TrainingRun"):
            value = _of(("flights", "other"), number)
            self.world.label("TrainingRun", _of(runs, number // 2), **{names.TEMPLATE_LABEL: value})

    # The cluster.

    def jobs_end(self, number: int) -> None:
        for job in results.active(self.world):
            self._rows += 1
            word = "same" if number % 4 == 3 else f"rows {self._rows}"
            results.succeed(self.world, job, word=word, lost=number % 5 == 4)

    def gates_fail(self, number: int) -> None:
        for job in results.active(self.world):
            verdict = _of(("Failed", "Inconclusive"), number)
            word = _of(("broken", "x"), number)
            results.succeed(self.world, job, word=word, verdict=verdict)

    def job_fails(self, number: int) -> None:
        for job in self._some_job():
            results.fail(self.world, job, _of(FAILURES, number))

    def job_is_stuck(self, number: int) -> None:
        for job in self._some_job():
            self.world.cluster.working[job["metadata"]["name"]] = self._stuck(number)

    def job_vanishes(self, number: int) -> None:
        if jobs := self.world.names("Job"):
            self.world.delete("Job", _of(jobs, number))

    def frozen_vanishes(self, number: int) -> None:
        if found := self.world.names("ConfigMap"):
            self.world.delete("ConfigMap", _of(found, number))

    def child_vanishes(self, number: int) -> None:
        kind = _of(("Service", "PodDisruptionBudget"), number)
        if found := self.world.names(kind):
            self.world.delete(kind, _of(found, number // 2))

    def pods_fail(self, number: int) -> None:
        for identity in self._identities()[-1:] if number % 3 else self._identities()[:1]:
            self.world.cluster.serving[identity] = _of(pods.SERVING_TROUBLES, number)

    def canary_fails(self, number: int) -> None:
        if canary := self._canary():
            identity = canary["identity"]
            self.world.cluster.serving[identity] = _of(pods.SERVING_TROUBLES, number)

    def pods_mend(self, number: int) -> None:
        self.world.cluster.serving.clear()

    def evicted(self, number: int) -> None:
        if found := self.world.all("Deployment"):
            self.world.cluster.evict(_of(found, number))

    def node_lost(self, number: int) -> None:
        for owner in (*self.world.all("Deployment"), *results.active(self.world)):
            self.world.cluster.lose_pods(owner)

    def quota(self, number: int) -> None:
        self.world.cluster.refused = QUOTA if number % 2 else ""

    def store_away(self, number: int) -> None:
        self.world.archive.away = True

    def store_back(self, number: int) -> None:
        self.world.archive.away = False

    def deaf(self, number: int) -> None:
        self.world.deafen()

    def lag(self, number: int) -> None:
        self.world.feed.lags = bool(number % 2)

    def resync(self, number: int) -> None:
        self.world.resync()

    def restart(self, number: int) -> None:
        self.world.restart()

    def crash(self, number: int) -> None:
        self.world.api.crash_after = number % 4

    def fault(self, number: int) -> None:
        self.world.api.faults.append(_of(("lost", "unsure"), number))

    # The world.

    def drift(self, number: int) -> None:
        self._see(drifted=True)

    def broken(self, number: int) -> None:
        self._see(drifted=bool(number % 2), broken=True)

    def calm(self, number: int) -> None:
        self._see()

    def traffic(self, number: int) -> None:
        self._call(5000, errors=0)

    def little_traffic(self, number: int) -> None:
        self._call(_of((10, 150), number), errors=0)

    def errors(self, number: int) -> None:
        self._call(_of((20, 500), number), errors=_of((20, 500), number))

    def wait(self, number: int) -> None:
        self.world.advance(_of((1, 5, 16, 20, 61, 700), number))

    def peace(self) -> None:
        """Let everything be mended and all time pass that anybody waits for."""
        self.pods_mend(0)
        self.store_back(0)
        self.quota(0)
        self.world.cluster.working.clear()
        self.world.feed.lags = False
        self.world.api.faults.clear()
        self.world.api.crash_after = None
        self.world.resync()
        self.world.settle()
        self.world.advance(1000)
        self.world.advance(400)
        self._count()

    # How it is told.

    def _edit(self, kind: str, name: str, specs: Sequence[Object], number: int) -> None:
        if self.world.find(kind, name):
            self.world.edit(kind, name, **_of(specs, number))

    def _annotate(self, kind: str, name: str, key: str, number: int) -> None:
        if self.world.find(kind, name):
            self.world.annotate(kind, name, key, _of("xyz", number))

    def _some_job(self) -> list[Object]:
        """Return a Job that runs; one of a new fetch when there is none."""
        if not results.active(self.world):
            self._runs += 1
            mark = f"again {self._runs}"
            if self.world.find("Dataset", "flights"):
                self.world.annotate("Dataset", "flights", names.REFRESH_ANNOTATION, mark)
            self.world.settle()
        return results.active(self.world)[:1]

    def _stuck(self, number: int) -> Object:
        reason = _of(STUCK, number)
        if reason == "Unschedulable":
            return pods.unschedulable()
        return pods.waits("train", reason, "see there") if reason else {}

    def _identities(self) -> list[str]:
        live = self.world.all("Deployment")
        return [each["metadata"]["labels"][names.IDENTITY_LABEL] for each in live]

    def _canary(self) -> Object | None:
        live = self.world.find("ModelDeployment", "flights")
        return live["status"].get("canary") if live else None

    def _stable(self) -> Object | None:
        live = self.world.find("ModelDeployment", "flights")
        return live["status"].get("stable") if live else None

    def _call(self, requests: int, *, errors: int) -> None:
        """Let clients call the canary; the puller wakes the deployment while there is one."""
        key = self.world.key(MODEL_DEPLOYMENT.kind, "flights")
        canary = self._canary()
        if not canary or not canary.get("weight"):
            return
        live = ModelDeployment.model_validate(self.world.store.get(key)).status.canary
        arm = Arm(requests=requests, errors=errors, latency=(requests, 0, 0, 0, 0, 0))
        if live:
            self.world.live.count(key, routing_id(live), arm)
        self.world.process.queue.add(key, urgent=False)

    def _see(self, *, drifted: bool = False, broken: bool = False) -> None:
        """Let the detector find this; it wakes the monitor when its verdict has changed."""
        key, stable = self.world.key(DRIFT_MONITOR.kind, "watch"), self._stable()
        monitor = self.world.find(DRIFT_MONITOR.kind, "watch")
        if stable and monitor and not monitor["spec"].get("suspend"):
            self.world.live.looks[key] = look(stable["model"], drifted=drifted, broken=broken)
            self.world.process.queue.add(key)

    def _count(self) -> None:
        """Take down what has been told since the last time."""
        api = self.world.api
        for write in api.writes[self._written :]:
            for told in _conditions(write.body) - _conditions(write.before or {}):
                self.reached[f"{write.key.resource.kind} {told}"] += 1
        self._written = len(api.writes)
        self.reached.update(f"said {reason}" for reason, _ in api.said)
        self.reached.update(f"rule {rule}" for _, rule in self.world.diary.news)
        api.said.clear()
        self.world.diary.news.clear()


def serves_what_it_says(world: World) -> None:
    """Check of a world at rest: clients reach what serves, and no pods are left of anything else.

    Raises:
        AssertionError: they do not, or some are.
    """
    roles: set[str] = set()
    for live in world.all("ModelDeployment"):
        status, name = live["status"], live["metadata"]["name"]
        stable, canary = status.get("stable"), status.get("canary")
        if stable:
            assert _selected(world, name) == stable["identity"]
        if stable and canary:
            assert _selected(world, f"{name}-canary") == canary["identity"]
        retiring = status.get("retiring", ())
        roles |= {each["identity"] for each in (stable, canary, *retiring) if each}
    pods = {d["metadata"]["labels"][names.IDENTITY_LABEL] for d in world.all("Deployment")}
    assert pods == roles


def _selected(world: World, service: str) -> str:
    return str(world.get("Service", service)["spec"]["selector"][names.IDENTITY_LABEL])


def made(kind: str) -> Object:
    """Return one of our objects as a user applies it."""
    response = MONITORS[1]["response"]
    makers: dict[str, Callable[[], Object]] = {
        "Dataset": builders.dataset,
        "TrainingTemplate": builders.template,
        "ModelDeployment": lambda: builders.deployment(
            model={"selector": {"matchLabels": SELECTED}}
        ),
        "DriftMonitor": lambda: builders.manifest(
            kind, "watch", {"deploymentRef": {"name": "flights"}, "response": response}
        ),
    }
    return makers[kind]()


def look(model: str, *, drifted: bool = False, broken: bool = False, rows: int = 400) -> Assessment:
    """Return a look at live traffic of the model with this digest."""
    temp = ColumnFinding(
        name="temp",
        score=1.25 if drifted else 0.02,
        threshold=0.1,
        log10_p=-40.0 if drifted else -0.5,
        rows=rows,
        alarm=drifted,
    )
    wrong = BrokenFinding(column="temp", rule="Min", rows=rows // 2, of=rows)
    return Assessment(
        model=model,
        drifted=drifted,
        findings=(temp,),
        broken=(wrong,) if broken else (),
        window_rows=rows,
    )


def _of(choices: Sequence[Choice], number: int) -> Choice:
    return choices[number % len(choices)]


def _name(kind: str) -> str:
    return "watch" if kind == "DriftMonitor" else "flights"


def _conditions(obj: Object) -> set[str]:
    told = (obj.get("status") or {}).get("conditions", ())
    return {f"{each['type']}={each['status']} {each.get('reason', '')}" for each in told}

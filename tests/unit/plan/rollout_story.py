"""A world with one ModelDeployment: runs are told by the test, pods start, clients call."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from plumbline.api.plan import Plan
from plumbline.api.v1alpha1 import ModelDeployment
from plumbline.api.v1alpha1.model_deployment import Canary
from plumbline.live.observations import Arm, Arms, Traffic
from plumbline.plan.common.settings import Settings
from plumbline.plan.model_deployment import measure
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot

from tests.sim.loop.api import Said
from tests.sim.loop.clock import START
from tests.sim.loop.live import beside
from tests.sim.loop.world import World
from tests.unit.plan import builders, restricted
from tests.unit.plan.builders import digest

Object = dict[str, Any]
IDENTITY = "plumbline.dev/identity"
LABELS = {"team": "flights"}
NAMESPACE = "flights"
MDEP = ("ModelDeployment", "flights")
SETTINGS = Settings(
    trainer_image="registry/trainer:1",
    server_image="registry/server:1",
    store_environment={"AWS_REGION": "us-east-1"},
    namespaces=frozenset({NAMESPACE}),
)
CRASH = {
    "name": "server",
    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
    "lastState": {"terminated": {"exitCode": 1, "message": "Traceback\nKeyError: 'temp'"}},
}
DAMAGED = {
    "name": "fetch",
    "state": {
        "terminated": {
            "exitCode": 64,
            "message": '{"reason": "ModelDamaged", "message": "blob sha256:ab differs from its '
            'digest", "retry": false}',
        }
    },
}
NO_IMAGE = {
    "name": "fetch",
    "state": {"waiting": {"reason": "ErrImagePull", "message": "registry/server:9: not found"}},
}


def run(
    name: str,
    *,
    revision: int = 1,
    minute: int = 0,
    verdict: str | None = "Passed",
    auc: tuple[float, float] = (0.7, 0.8),
    model: str | None = None,
) -> Object:
    """Return a judged run."""
    status: Object = {"dataset": _pinned(revision)}
    if verdict:
        low, high = auc
        metric = {"name": "auc", "value": (low + high) / 2, "low": low, "high": high, "n": 2000}
        ended = START + timedelta(minutes=minute - 60)
        status |= {
            "verdict": verdict,
            "model": {"digest": digest(model or name), "manifest": digest(f"manifest {name}")},
            "metrics": [metric],
            "completionTime": ended.isoformat(),
        }
    spec = {"datasetRef": {"name": "flights"}, "trainer": {"estimator": {"import": "a.B"}}}
    made = builders.manifest("TrainingRun", name, spec, labels=LABELS)
    made["metadata"]["namespace"] = NAMESPACE
    return {**made, "status": status}


def _pinned(revision: int) -> Object:
    return {
        "name": "flights",
        "revision": revision,
        "digest": digest(f"rows {revision}"),
        "manifest": digest(f"data {revision}"),
    }


class RolloutStory:
    """One ModelDeployment and what happens around it."""

    def __init__(self, *runs: Object, **spec: Any) -> None:
        self.world = World(idle=("TrainingRun",), settings=SETTINGS, namespace=NAMESPACE)
        self.key = self.world.key(*MDEP)
        given = {"model": {"selector": {"matchLabels": LABELS}}, **spec}
        made = builders.manifest(*MDEP, given)
        made["metadata"]["namespace"] = NAMESPACE
        self.add(*runs)
        self.world.add(made)

    # What there is.

    @property
    def deployment(self) -> ModelDeployment:
        return ModelDeployment.model_validate(self.world.get(*MDEP))

    @property
    def status(self) -> Object:
        found: Object = self.world.get(*MDEP)["status"]
        return found

    @property
    def canary(self) -> Canary | None:
        return self.deployment.status.canary

    @property
    def serving(self) -> str:
        """The run that serves, by the status."""
        stable = self.deployment.status.stable
        return stable.run if stable else ""

    @property
    def rolling_out(self) -> str:
        canary = self.canary
        return canary.run if canary else ""

    @property
    def answered_by(self) -> str:
        """The identity that clients reach."""
        service = self.world.find("Service", "flights")
        return str(service["spec"]["selector"][IDENTITY]) if service else ""

    @property
    def events(self) -> list[Said]:
        return self.world.api.said

    @property
    def writes(self) -> int:
        return self.world.writes

    def of(self, kind: str) -> list[Object]:
        return self.world.all(kind)

    def condition(self, type_: str) -> Object:
        found = self.world.condition(*MDEP, type_)
        return found or {"status": "absent", "reason": "", "message": ""}

    def told(self, reason: str) -> list[str]:
        return [event.message for event in self.events if event.reason == reason]

    def snapshot(self) -> ModelDeploymentSnapshot:
        """Return what the newest plan was made of."""
        found: ModelDeploymentSnapshot = self.world.diary.snapshots[self.key]
        return found

    @property
    def now(self) -> datetime:
        return self.world.time.now()

    @property
    def settings(self) -> Settings:
        return self.world.settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self.world.settings = settings

    # What people do.

    def edit(self, **spec: Any) -> None:
        self.world.edit(*MDEP, **spec)

    def retry(self, word: str) -> None:
        self.world.annotate(*MDEP, "plumbline.dev/retry", word)

    def add(self, *runs: Object) -> None:
        """Let runs have ended; one of a name that is there is made again."""
        for each in runs:
            self.world.delete("TrainingRun", each["metadata"]["name"])
            if manifest := each["status"].get("model", {}).get("manifest"):
                self.world.archive.manifests[manifest] = each["status"]
            self.world.add(each)

    def delete(self, kind: str, name: str) -> None:
        """Delete a child by hand."""
        self.world.delete(kind, name)

    def lose_status(self) -> None:
        """Let somebody empty the status."""
        self.world.set_status(*MDEP, {})

    def delete_runs(self, *names: str) -> None:
        """Delete these runs, or all."""
        for name in names or self.world.names("TrainingRun"):
            self.world.delete("TrainingRun", name)

    # What happens.

    def wait(self, seconds: float) -> None:
        """Let time pass before anybody looks."""
        self.world.time.jump(seconds)

    def once(self, *, crash_after: int | None = None) -> Plan:
        """Let the operator look once, and end after `crash_after` writes."""
        return self.world.look_once(*MDEP, crash_after=crash_after)

    def settle(self, *, start_pods: bool = True) -> None:
        """Let everybody act, with pods that start at once or not at all."""
        self.world.cluster.rolls = start_pods
        self.world.settle()
        self.world.cluster.rolls = True
        for child in self.of("Deployment"):
            broken = restricted.violations(child["spec"]["template"]["spec"])
            assert broken == [], broken

    def start_pods(self) -> None:
        """Let the kubelet start what can start, before the operator looks."""
        while self.world.cluster.step():
            pass

    def break_pods(self, identity: str, *statuses: Object) -> None:
        """Let the pods of an identity fail with these container statuses."""
        broken = {"phase": "Pending", "containerStatuses": list(statuses)}
        self.world.cluster.serving[identity] = broken
        self.start_pods()

    def refuse_pods(self, why: str) -> None:
        """Let the cluster let no further pod in; all again when nothing is said."""
        self.world.cluster.refused = why

    def mend_pods(self) -> None:
        """Let all pods start again."""
        self.world.cluster.serving.clear()

    def roll_out(self) -> None:
        """Let a rollout run to its end with good answers."""
        self.settle()
        for _ in range(10):
            if self.canary is None:
                break
            self.call(5000)
            self.wait(1)
            self.settle()
        self.wait(20)
        self.settle()

    # Live traffic.

    @property
    def traffic(self) -> Traffic:
        return self.world.live.traffic(self.key)

    @traffic.setter
    def traffic(self, counts: Traffic) -> None:
        """Let the pods have counted this; a deployment with a canary looks each second."""
        self.world.live.counts[self.key] = counts
        if self.canary:
            self.world.process.queue.add(self.key, urgent=False)

    def call(self, requests: int, *, errors: int = 0) -> None:
        """Let clients call until the canary has had this many requests on its step."""
        canary = self.canary
        assert canary, "no canary is under way"
        assert canary.weight, "the canary gets no requests"
        token = measure.routing_id(canary)
        arm = Arm(requests=requests, errors=errors, latency=(requests, 0, 0, 0, 0, 0))
        arms = {**self.traffic.arms, token: Arms(stable=beside(canary), canary=arm)}
        self.traffic = replace(self.traffic, arms=arms, routed=frozenset({token}))


def served(*runs, **spec):
    """A world in which the first run serves."""
    world = RolloutStory(runs[0], **spec)
    world.roll_out()
    world.add(*runs[1:])
    world.events.clear()
    return world

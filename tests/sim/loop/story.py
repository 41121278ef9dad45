"""Everything that can happen around the five kinds, in words that take a number to choose by."""

from collections import Counter
from typing import Any

from plumbline.api import names
from plumbline.api.v1alpha1 import ModelDeployment
from plumbline.api.v1alpha1.drift_monitor import DRIFT_MONITOR
from plumbline.api.v1alpha1.model_deployment import MODEL_DEPLOYMENT
from plumbline.live.observations import Arm
from plumbline.plan.registry import KINDS

from tests.sim.loop.choices import OURS, look, made, one_of
from tests.sim.loop.faults import Faults
from tests.sim.loop.users import Users
from tests.sim.loop.world import World

Object = dict[str, Any]


class Story(Users, Faults):
    """A world in which a model is made, served and watched.

    Attributes:
        reached: how often each condition was set and each event was told.
    """

    def __init__(self, kinds: Any = KINDS, *, reached: Counter[str] | None = None) -> None:
        self.world = World(kinds)
        self.reached = reached if reached is not None else Counter()
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

    def new_model(self, number: int) -> None:
        """Let a run be made, trained and judged."""
        self.run(number)
        for _ in range(2):
            self.world.settle()
            self.jobs_end(3)

    def drift(self, number: int) -> None:
        self._see(drifted=True)

    def broken(self, number: int) -> None:
        self._see(drifted=bool(number % 2), broken=True)

    def calm(self, number: int) -> None:
        self._see()

    def traffic(self, number: int) -> None:
        self._call(5000, errors=0)

    def little_traffic(self, number: int) -> None:
        self._call(one_of((10, 150), number), errors=0)

    def errors(self, number: int) -> None:
        self._call(one_of((20, 500), number), errors=one_of((20, 500), number))

    def wait(self, number: int) -> None:
        self.world.advance(one_of((1, 5, 16, 20, 61, 700), number))

    def peace(self) -> None:
        """Let everything be mended and all time pass that anybody waits for."""
        self.mend(0)
        self.world.feed.lags = False
        self.world.api.faults.clear()
        self.world.api.crash_after = None
        self.world.resync()
        self.world.settle()
        self.world.advance(1000)
        self.world.advance(400)
        self._count()

    def held(self, number: int) -> None:
        """Let a model come while somebody holds rollouts."""
        if self.world.find("ModelDeployment", "flights"):
            self.world.edit("ModelDeployment", "flights", suspend=True)
        self.new_model(number)

    def breaks_amid_drift(self, number: int) -> None:
        """Let live data break while new rows are fetched for an episode."""
        for broken in (False, True):
            self._see(drifted=True, broken=broken)
            self.world.settle()
        self.jobs_end(0)

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
            self.world.live.count(key, live, arm)
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


def _conditions(obj: Object) -> set[str]:
    told = (obj.get("status") or {}).get("conditions", ())
    return {f"{each['type']}={each['status']} {each.get('reason', '')}" for each in told}

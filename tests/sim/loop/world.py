"""One world for all kinds: what users, the cluster and time do to it, and the real operator in it.

The operator makes passes over those keys only that changes wake, that are due or that failed. When
the world has come to rest, an operator that starts must find nothing to do; else somebody should
have been woken and was not.
"""

from collections.abc import Iterable
from typing import Any

from plumbline.api.plan import Plan
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.common.settings import Settings
from plumbline.plan.kind import Kind
from plumbline.plan.registry import KINDS
from plumbline.shell.job_results import JobResults

from tests.sim.fakeapi.store import Store
from tests.sim.loop import rest, results
from tests.sim.loop.api import Api, Crash, Write
from tests.sim.loop.archive import Archive
from tests.sim.loop.clock import Time
from tests.sim.loop.cluster import Cluster
from tests.sim.loop.consistency import Consistency
from tests.sim.loop.diary import Diary
from tests.sim.loop.feed import Feed, list_all
from tests.sim.loop.live import Live
from tests.sim.loop.objects import BY_NAME, Objects
from tests.sim.loop.process import Process
from tests.sim.loop.running import run
from tests.sim.loop.safety import Safety, checked
from tests.unit.plan import builders

PASSES, ROUNDS, JUMPS = 300, 60, 12


class World(Objects):
    """Objects, what Jobs have left in the store, live traffic, the time, and one operator.

    Attributes:
        diary: what the operator planned and decided.
        idle: kinds whose objects nobody acts on.
    """

    def __init__(
        self,
        kinds: Iterable[Kind[Any]] = KINDS,
        *,
        settings: Settings | None = None,
        idle: Iterable[str] = (),
        namespace: str = builders.NAMESPACE,
    ) -> None:
        self.time, self.archive, self.live = Time(), Archive(), Live()
        self.feed, self.diary, self._uids = Feed(), Diary(), 0
        super().__init__(Store(now=self.time.now, new_uid=self._uid), namespace)
        self.store.history = self.feed  # type: ignore[assignment]
        self.cluster = Cluster(self.store, self.time)
        self.safety = Safety(self.store, lambda: self.feed.is_behind, self.live.is_broken)
        self.consistency = Consistency(self.archive, self.cluster)
        self.api = Api(self.store, self._before)
        self._settings = settings or builders.settings()
        self.idle = {BY_NAME[kind] for kind in idle}
        self._kinds = tuple(checked(kind, self.diary.planned) for kind in kinds)
        self.process = self._start()

    def finish(self, job: str, outcome: JobOutcome) -> None:
        """Let a Job come to this, as its pods and the store tell it."""
        results.finish(self, self.get("Job", job), outcome)

    # What time and the operator do.

    @property
    def now(self) -> Any:
        return self.time.now()

    @property
    def writes(self) -> int:
        """How many writes the operator has made."""
        return len(self.api.writes)

    @property
    def settings(self) -> Settings:
        """What the operator was told at its start."""
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        """Start the operator again and tell it something else."""
        self._settings = settings
        self.restart()

    def newest_plan(self, kind: str, name: str) -> Plan:
        """Return what was planned last for an object."""
        return self.diary.plans[self.key(kind, name)]

    def due(self, kind: str, name: str) -> Any:
        """Return when the newest plan of an object wants to look again."""
        return self.newest_plan(kind, name).requeue_at

    def settle(self) -> int:
        """Let everybody act until nobody has anything to do; return the operator's writes."""
        before = self.writes
        self._act()
        if not self.is_held_up:
            self._check_rest()
        return self.writes - before

    def advance(self, seconds: float) -> int:
        """Let time pass; what is due meanwhile is done, if late. Return the operator's writes."""
        before, end = self.writes, self.time.seconds + seconds
        while self.time.seconds < end:
            self.time.jump(min(max(1.0, seconds // JUMPS), end - self.time.seconds))
            self._act()
        self.settle()
        return self.writes - before

    def look_once(self, kind: str, name: str, *, crash_after: int | None = None) -> Plan:
        """Let the operator make one pass over one object, and die after some of its writes."""
        self._catch_up()
        self.api.crash_after = crash_after
        try:
            run(self.process.reconcile(self.key(kind, name)))
        except Crash:
            self.restart()
        self.api.crash_after = None
        return self.newest_plan(kind, name)

    def restart(self) -> None:
        """End the operator and start another one, which lists everything."""
        self.process = self._start()

    def resync(self) -> None:
        """List everything again, as happens when a watch was lost, and look at every object."""
        self.feed.deaf = False
        self.feed.waiting.clear()
        list_all(self.store, self.process.cache)
        self.process.look_at_all()

    def deafen(self) -> None:
        """Lose all watch events from now on, until everything is listed again."""
        self._catch_up()
        self.feed.deaf = True

    # What a test looks at.

    @property
    def is_held_up(self) -> bool:
        """Whether the operator waits for news, an answer, or the end that the story holds ready."""
        api = self.api
        return self.feed.deaf or bool(api.faults) or api.crash_after is not None

    # How it works.

    def _start(self) -> Process:
        process = self._fresh()
        self.feed.waiting.clear()
        self.feed.deaf = False
        process.look_at_all()
        return process

    def _fresh(self, results: JobResults | None = None) -> Process:
        return Process(
            self._kinds,
            api=self.api,
            archive=self.archive,
            live=self.live,
            time=self.time,
            settings=self._settings,
            idle=self.idle,
            results=results,
            wrote=self.diary.wrote,
        )

    def _act(self) -> None:
        """Let the operator and the cluster act in turns until neither does."""
        for _ in range(ROUNDS):
            self._work()
            if not self.cluster.step() and not self.feed.waiting:
                return self.consistency.check(self.store.objects)
        raise AssertionError(f"not quiet after {ROUNDS} rounds: {list(self.feed.recent)}")

    def _work(self) -> None:
        """Let the operator work until no key waits; one that dies is followed by another."""
        while True:
            try:
                return run(self._work_off())
            except Crash:
                self.api.crash_after = None
                self.process = self._start()

    def _catch_up(self) -> None:
        while self.feed.waiting:
            self.feed.deliver(self.process.cache)

    async def _work_off(self) -> None:
        process, limit = self.process, self.process.passes + PASSES
        while True:
            self.feed.deliver(process.cache)
            self.time.advance(0)
            if len(process.queue):
                await process.work_one()
            elif not self.feed.waiting:
                return
            if process.passes > limit:
                raise AssertionError(f"never at rest: {[str(w) for w in self.api.writes[-12:]]}")

    def _check_rest(self) -> None:
        fresh = self._fresh(self.process.results)
        recent, failing = list(self.feed.recent), self.process.failing
        rest.check(fresh, self.api, self.diary, failing=failing, recent=recent)

    def _before(self, write: Write) -> None:
        self.safety.check(write)

    def _uid(self) -> str:
        self._uids += 1
        return f"uid-{self._uids}"

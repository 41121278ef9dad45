"""One world for all kinds: what users, the cluster and time do to it, and the real operator in it.

The operator makes passes over those keys only that changes wake, that are due or that failed. When
the world has come to rest, an operator that starts must find nothing to do; else somebody should
have been woken and was not.
"""

import asyncio
import atexit
import json
from collections import deque
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any

from plumbline.api.objects import Key
from plumbline.api.plan import Plan
from plumbline.api.resources import BY_KIND, CHILDREN, OURS
from plumbline.engine.decisions import new_decisions
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.common.settings import Settings
from plumbline.plan.kind import Kind
from plumbline.plan.registry import KINDS
from plumbline.shell.records import Records

from tests.sim.fakeapi.store import Store
from tests.sim.loop import results
from tests.sim.loop.api import Api, Crash, Write, has_status
from tests.sim.loop.archive import Archive
from tests.sim.loop.clock import Time
from tests.sim.loop.cluster import Cluster
from tests.sim.loop.consistency import Consistency
from tests.sim.loop.feed import Feed, list_all
from tests.sim.loop.live import Live
from tests.sim.loop.process import Process
from tests.sim.loop.safety import Safety, checked
from tests.unit.plan import builders

Object = dict[str, Any]
BY_NAME = {each.kind: each for each in (*OURS, *CHILDREN)}
PASSES, ROUNDS, JUMPS = 300, 60, 12
_loop = asyncio.new_event_loop()


@atexit.register
def _close() -> None:
    _loop.run_until_complete(_loop.shutdown_default_executor())
    _loop.close()


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine of the operator's to its end."""
    return _loop.run_until_complete(work)


class World:
    """Objects, what Jobs have left in the store, live traffic, the time, and one operator.

    Attributes:
        plans: the newest plans, the last one last.
        snapshots: what each newest plan was made of.
        news: the decisions that were recorded, as object and rule.
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
        self.namespace = namespace
        self.time, self.archive, self.live = Time(), Archive(), Live()
        self.feed, self._uids = Feed(), 0
        self.store = Store(now=self.time.now, new_uid=self._uid)
        self.store.history = self.feed  # type: ignore[assignment]
        self.cluster = Cluster(self.store, self.time)
        self.safety = Safety(self.store, lambda: self.feed.is_behind)
        self.consistency = Consistency(self.archive, self.cluster)
        self.api = Api(self.store, self._before)
        self._settings = settings or builders.settings()
        self.plans: deque[tuple[Key, Plan]] = deque(maxlen=2000)
        self.snapshots: dict[Key, Any] = {}
        self.news: list[tuple[Key, str]] = []
        self.idle = {BY_NAME[kind] for kind in idle}
        self._kinds = tuple(checked(kind, self._planned) for kind in kinds)
        self.crashes = 0
        self.process = self._start()

    # What users do.

    def add(self, manifest: Mapping[str, Any]) -> Object:
        """Create an object, with the status that it comes with."""
        obj, key = json.loads(json.dumps(manifest)), key_of(manifest)
        made = self.store.create(key, obj, with_status=has_status(key))
        first = {"observedGeneration": -1} if key.resource in OURS else None
        if status := obj.get("status") or manifest.get("status") or first:
            made = self._put(key, {**made, "status": status}, "status")
        return made

    def key(self, kind: str, name: str) -> Key:
        """Return the key of a kind and name."""
        return Key(BY_NAME[kind], self.namespace, name)

    def get(self, kind: str, name: str) -> Object:
        """Return an object by its kind and name."""
        return self.store.objects[self.key(kind, name)]

    def find(self, kind: str, name: str) -> Object | None:
        """Return an object, or None."""
        return self.store.objects.get(self.key(kind, name))

    def edit(self, kind: str, name: str, **spec: Any) -> None:
        """Change fields of a spec."""
        obj = self.get(kind, name)
        self._put(self.key(kind, name), {**obj, "spec": {**obj["spec"], **spec}}, "spec")

    def replace(self, kind: str, name: str, **parts: Any) -> None:
        """Change parts of an object that has no spec, such as the data of a ConfigMap."""
        self._put(self.key(kind, name), {**self.get(kind, name), **parts}, "spec")

    def annotate(self, kind: str, name: str, key: str, value: str) -> None:
        """Set an annotation."""
        self._set(kind, name, "annotations", {key: value})

    def label(self, kind: str, name: str, **labels: str) -> None:
        """Set labels."""
        self._set(kind, name, "labels", labels)

    def set_status(self, kind: str, name: str, status: Mapping[str, Any]) -> None:
        """Give an object this status, as somebody else's controller does."""
        self._put(self.key(kind, name), {**self.get(kind, name), "status": dict(status)}, "status")

    def delete(self, kind: str, name: str) -> None:
        """Delete an object."""
        if (key := self.key(kind, name)) in self.store.objects:
            self.store.delete(key, {})

    def begin_to_delete(self, kind: str, name: str) -> None:
        """Delete an object that a finalizer of somebody's holds."""
        obj = self.get(kind, name)
        held = {**obj["metadata"], "finalizers": ["example.com/held"]}
        self._put(self.key(kind, name), {**obj, "metadata": held}, "spec")
        self.delete(kind, name)

    # What the cluster does.

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
        key = self.key(kind, name)
        return next(plan for known, plan in reversed(self.plans) if known == key)

    def due(self, kind: str, name: str) -> Any:
        """Return when the newest plan of an object wants to look again."""
        return self.newest_plan(kind, name).requeue_at

    def settle(self) -> int:
        """Let everybody act until nobody has anything to do; return the operator's writes."""
        before = self.writes
        self._act()
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

    def names(self, kind: str) -> list[str]:
        """Return the names of all objects of a kind."""
        return sorted(k.name for k in self.store.objects if k.resource.kind == kind)

    def all(self, kind: str) -> list[Object]:
        """Return all objects of a kind by name."""
        return [self.get(kind, name) for name in self.names(kind)]

    def condition(self, kind: str, name: str, type_: str) -> Object | None:
        """Return a condition, None while it is absent."""
        found = self.get(kind, name).get("status", {}).get("conditions", ())
        return next((each for each in found if each["type"] == type_), None)

    # How it works.

    def _start(self) -> Process:
        process = self._fresh()
        self.feed.waiting.clear()
        self.feed.deaf = False
        process.look_at_all()
        return process

    def _fresh(self, records: Records | None = None) -> Process:
        return Process(
            self._kinds,
            api=self.api,
            archive=self.archive,
            live=self.live,
            time=self.time,
            settings=self._settings,
            idle=self.idle,
            records=records,
            wrote=self._wrote,
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
                self.crashes += 1
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
        """Let an operator that has just started look at everything: it must write nothing."""
        if self.is_held_up:
            return
        recent = list(self.feed.recent)
        fresh = self._fresh(self.process.records)
        for key in fresh.known():
            if key not in self.process.failing:
                self._check_key(fresh, key, recent)

    def _check_key(self, fresh: Process, key: Key, recent: list[str]) -> None:
        writes, plans = self.writes, len(self.plans)
        try:
            run(fresh.reconcile(key))
        except Exception as error:
            raise Unwoken(key, f"failed with {error!r}", recent) from error
        if self.writes != writes:
            done = "; ".join(f"{write}: {_change(write)}" for write in self.api.writes[writes:])
            raise Unwoken(key, done, recent)
        made = [plan for _, plan in list(self.plans)[plans:]]
        told = [event for plan in made for event in plan.events]
        told += [decision for plan in made for decision in plan.decisions if decision.acts]
        if told:
            raise Unwoken(key, f"decide {told}", recent)

    def _planned(self, key: Key, snapshot: Any, plan: Plan) -> None:
        self.snapshots[key] = snapshot
        self.plans.append((key, plan))

    def _wrote(self, key: Key, before: Any) -> None:
        """Take down which decisions of a pass that has written are new."""
        known, plan = self.plans[-1]
        if known == key:
            found = new_decisions(plan.decisions, before=before, after=plan.status)
            self.news += [(key, each.rule) for each in found]

    def _before(self, write: Write) -> None:
        self.safety.check(write)

    def _uid(self) -> str:
        self._uids += 1
        return f"uid-{self._uids}"

    def _put(self, key: Key, obj: Object, part: str) -> Object:
        wanted = json.loads(json.dumps(obj))
        wanted["metadata"].pop("resourceVersion", None)
        return self.store.replace(key, wanted, part=part, with_status=has_status(key))

    def _set(self, kind: str, name: str, field: str, values: Mapping[str, str]) -> None:
        obj = self.get(kind, name)
        about = obj["metadata"]
        changed = {**about, field: {**about.get(field, {}), **values}}
        self._put(self.key(kind, name), {**obj, "metadata": changed}, "spec")


class Unwoken(AssertionError):
    """An object would do something at rest: whoever changed last should have woken it."""

    def __init__(self, key: Key, what: str, recent: list[str]) -> None:
        before = "\n  ".join(recent[-12:])
        super().__init__(
            f"{key.resource.kind} {key.name} was not woken; it would: {what}\n"
            f"what happened last:\n  {before}"
        )


def key_of(manifest: Mapping[str, Any]) -> Key:
    """Return the key of a manifest."""
    metadata = manifest["metadata"]
    resource = BY_KIND[manifest["apiVersion"], manifest["kind"]]
    return Key(resource, metadata["namespace"], metadata["name"])


def _change(write: Write) -> str:
    """Return what of a status or spec a write changes."""
    before = write.before or {}
    for part in ("status", "spec", "data"):
        old, new = before.get(part) or {}, write.body.get(part) or {}
        changed = {k: (old.get(k), new.get(k)) for k in {*old, *new} if old.get(k) != new.get(k)}
        if changed:
            return f"{part} {changed}"[:1500]
    return ""

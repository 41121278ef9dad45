"""A world at rest: an operator that starts must find nothing to do in it."""

from collections.abc import Collection, Sequence

from plumbline.api.objects import Key

from tests.sim.loop.api import Api, Write
from tests.sim.loop.diary import Diary
from tests.sim.loop.process import Process
from tests.sim.loop.running import run


class Unwoken(AssertionError):
    """An object would do something at rest: whoever changed last should have woken it."""

    def __init__(self, key: Key, what: str, recent: Sequence[str]) -> None:
        before = "\n  ".join(recent[-12:])
        super().__init__(
            f"{key.resource.kind} {key.name} was not woken; it would: {what}\n"
            f"what happened last:\n  {before}"
        )


def check(
    fresh: Process, api: Api, diary: Diary, *, failing: Collection[Key], recent: Sequence[str]
) -> None:
    """Let an operator that has just started look at everything but what fails and comes again.

    Raises:
        Unwoken: it writes or decides something.
    """
    for key in fresh.known():
        if key not in failing and (done := _done(fresh, api, diary, key)):
            raise Unwoken(key, done, recent)


def _done(fresh: Process, api: Api, diary: Diary, key: Key) -> str:
    """Return what a pass over an object does, in words."""
    writes = len(api.writes)
    diary.plans.pop(key, None)
    try:
        run(fresh.reconcile(key))
    except Exception as error:
        return f"fail with {error!r}"
    if len(api.writes) > writes:
        return "; ".join(f"{write}: {_change(write)}" for write in api.writes[writes:])
    plan = diary.plans.get(key)
    told = [*plan.events, *(each for each in plan.decisions if each.acts)] if plan else []
    return f"tell {told}" if told else ""


def _change(write: Write) -> str:
    """Return what of a status or spec a write changes."""
    before = write.before or {}
    for part in ("status", "spec", "data"):
        old, new = before.get(part) or {}, write.body.get(part) or {}
        changed = {k: (old.get(k), new.get(k)) for k in {*old, *new} if old.get(k) != new.get(k)}
        if changed:
            return f"{part} {changed}"[:1500]
    return ""

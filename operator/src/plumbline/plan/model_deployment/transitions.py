"""The transitions of a rollout, in the order in which they are tried; one a pass.

A transition is stored in the status first and carried out from there by the next pass, so an
operator that dies after any write goes on from exactly there.

One thing moves at a time: while pods that served before still drain, nothing new begins. A held
deployment keeps its canary where it is, but a failing canary is rolled back all the same. A first
model is not rolled back, for nothing else could serve; it goes on trying and says what is wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from plumbline.api.decision import Decision, first
from plumbline.api.plan import Event
from plumbline.api.reasons import ModelDeploymentReason as Reason
from plumbline.api.v1alpha1.model_deployment import (
    Canary,
    ModelDeploymentStatus,
    Rejected,
    RolloutStep,
    Served,
)
from plumbline.plan.common.conditions import changed, truncated
from plumbline.plan.common.pod_failures import PodFailure
from plumbline.plan.model_deployment import measure, target, workload
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot

DRAIN = timedelta(seconds=15)
REASON_LIMIT, MESSAGE_LIMIT = 63, 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """The status after this pass, why it changes, and what to tell about it.

    Attributes:
        decision: None when only the counts are brought up to date.
    """

    status: ModelDeploymentStatus
    decision: Decision | None = None
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A rollout as it stands, and what should serve in the end."""

    snapshot: ModelDeploymentSnapshot
    wanted: Served | None

    @property
    def status(self) -> ModelDeploymentStatus:
        """The roles as they are stored."""
        return self.snapshot.deployment.status

    @property
    def steps(self) -> list[RolloutStep]:
        """The steps that the spec asks for now."""
        return self.snapshot.deployment.spec.rollout.steps

    @property
    def is_held(self) -> bool:
        """Whether spec.suspend holds rollouts where they are."""
        return self.snapshot.deployment.spec.suspend

    @property
    def is_new(self) -> bool:
        """Whether something else should serve than what does."""
        stable = self.status.stable
        return self.wanted is not None and (
            stable is None or self.wanted.identity != stable.identity
        )

    @property
    def may_advance(self) -> bool:
        """Whether a canary may get more requests: all its pods answer, and it is not suspended."""
        return not self.is_held and workload.canary_available(self.snapshot)


def next_transition(snapshot: ModelDeploymentSnapshot, wanted: Served | None) -> Transition:
    """Return the next transition; without one only the counts are brought up to date."""
    found = first(RULES, Rollout(snapshot=snapshot, wanted=wanted))
    return found or Transition(status=measure.counted(snapshot))


def _drain(rollout: Rollout) -> Transition | None:
    """Start the clock of what served before, or let it go when the time is over.

    The clock starts when the Service is seen to choose the new pods, not when that was decided; so
    a pass that comes late, after a restart of the operator, cuts nobody off.
    """
    status, now = rollout.status, truncated(rollout.snapshot.now)
    selected = workload.selected_identity(rollout.snapshot)
    if status.stable is None or selected != status.stable.identity:
        return None
    stamped = [old if old.since else changed(old, since=now) for old in status.retiring]
    kept = [old for old in stamped if old.since is None or now < old.since + DRAIN]
    if kept == status.retiring:
        return None
    text = f"clients are sent to run {status.stable.run}: {len(kept)} models drain"
    return _to(status, "drain", Reason.DRAINING, text, event=None, retiring=kept)


def _cancel(rollout: Rollout) -> Transition | None:
    """Let the canary go when what serves should go on serving."""
    canary = rollout.status.canary
    if canary is None or rollout.is_held or rollout.is_new:
        return None
    text = f"run {canary.run} is no longer wanted, its pods go"
    return _to(rollout.status, "cancel", Reason.ROLLOUT_CANCELLED, text, canary=None)


def _supersede(rollout: Rollout) -> Transition | None:
    """Drop the canary for a model that should serve rather than it."""
    canary, wanted = rollout.status.canary, rollout.wanted
    if canary is None or wanted is None or wanted.identity == canary.identity:
        return None
    if rollout.is_held:
        return None
    text = f"run {wanted.run} takes the place of run {canary.run}"
    return _begin(rollout, wanted, "supersede", text)


def _start(rollout: Rollout) -> Transition | None:
    """Begin with what should serve when nothing is under way."""
    status, wanted = rollout.status, rollout.wanted
    if wanted is None or not rollout.is_new:
        return None
    if status.canary or status.retiring or rollout.is_held:
        return None
    text = f"run {wanted.run} (data revision {wanted.revision}) starts"
    return _begin(rollout, wanted, "start", text)


def _give_up(rollout: Rollout) -> Transition | None:
    """Roll back a canary whose pods will not get ready."""
    snapshot, status = rollout.snapshot, rollout.status
    if status.canary is None or status.stable is None or workload.canary_available(snapshot):
        return None
    trouble = workload.canary_trouble(snapshot)
    if not _is_hopeless(status.canary, trouble, overdue=workload.is_overdue(snapshot)):
        return None
    seconds = snapshot.deployment.spec.rollout.progress_deadline_seconds
    reason = trouble.reason if trouble else Reason.PROGRESS_DEADLINE_EXCEEDED
    message = trouble.message if trouble else f"its pods were not ready within {seconds} s"
    return _reject(rollout, status.canary, "give_up", reason, message)


def _fail(rollout: Rollout) -> Transition | None:
    """Roll back a canary whose answers are significantly bad."""
    canary = rollout.status.canary
    if canary is None or rollout.status.stable is None or not canary.weight:
        return None
    found = measure.analysis(rollout.snapshot, canary)
    if found is None or found.verdict != "Fail":
        return None
    evidence = {"requests": found.requests, "errors": found.errors}
    return _reject(rollout, canary, "fail", found.reason, found.message, **evidence)


def _take_over(rollout: Rollout) -> Transition | None:
    """Give the canary all requests when nothing serves yet, or no step is asked for."""
    canary = rollout.status.canary
    if canary is None or (rollout.status.stable is not None and rollout.steps):
        return None
    return _promote(rollout, canary, "take_over") if rollout.may_advance else None


def _weigh(rollout: Rollout) -> Transition | None:
    """Give the canary the share of its step, at first or after the step was edited."""
    canary = rollout.status.canary
    if canary is None or not rollout.may_advance:
        return None
    if measure.weight_of(rollout.steps, canary.step) == canary.weight:
        return None
    return _on_step(rollout, canary, "weigh", min(canary.step, len(rollout.steps) - 1))


def _advance(rollout: Rollout) -> Transition | None:
    """Go to the next step, or take over after the last one, once the step has passed.

    Only a Pass moves on; a canary without traffic stays where it is for as long as it takes.
    """
    canary = rollout.status.canary
    if canary is None or not rollout.may_advance:
        return None
    if not measure.has_passed(rollout.snapshot, canary):
        return None
    if canary.step + 1 < len(rollout.steps):
        return _on_step(rollout, canary, "advance", canary.step + 1)
    return _promote(rollout, canary, "advance")


def _is_hopeless(canary: Canary, trouble: PodFailure | None, *, overdue: bool) -> bool:
    """Return whether waiting cannot help; pods that were ready once may be on another node soon."""
    if trouble and trouble.is_final:
        return True
    if canary.weight:
        return trouble is not None and trouble.crashes
    return overdue and not (trouble and trouble.passes)


def _begin(rollout: Rollout, wanted: Served, rule: str, message: str) -> Transition:
    now = truncated(rollout.snapshot.now)
    canary = Canary.model_validate({**wanted.model_dump(), "since": now})
    evidence = {"run": wanted.run, "identity": wanted.identity, "revision": wanted.revision}
    reason = Reason.ROLLOUT_STARTED
    return _to(rollout.status, rule, reason, message, evidence=evidence, canary=canary)


def _on_step(rollout: Rollout, canary: Canary, rule: str, step: int) -> Transition:
    weight = measure.weight_of(rollout.steps, step)
    where = f"step {step + 1} of {len(rollout.steps)}"
    moved = changed(
        canary,
        step=step,
        weight=weight,
        step_since=truncated(rollout.snapshot.now),
        requests=0,
        verdict="Inconclusive",
        message="",
    )
    text = f"run {canary.run} answers {weight} % of the requests, {where}"
    evidence = {"run": canary.run, "step": step, "weight": weight}
    return _to(rollout.status, rule, Reason.STEP_STARTED, text, evidence=evidence, canary=moved)


def _promote(rollout: Rollout, canary: Canary, rule: str) -> Transition:
    status, now = rollout.status, truncated(rollout.snapshot.now)
    # The clock of what served starts when its clients have moved on.
    before = [changed(status.stable, since=None)] if status.stable else []
    return _to(
        status,
        rule,
        Reason.PROMOTED,
        f"run {canary.run} takes all requests",
        evidence={"run": canary.run, "identity": canary.identity, "requests": canary.requests},
        stable=changed(target.as_served(canary), since=now),
        canary=None,
        retiring=[*before, *status.retiring],
    )


def _reject(
    rollout: Rollout, canary: Canary, rule: str, reason: str, message: str, **evidence: int
) -> Transition:
    """Drop the canary and remember it, so that it is tried again only on request."""
    snapshot, status = rollout.snapshot, rollout.status
    entry = Rejected(
        identity=canary.identity,
        run=canary.run,
        image=canary.image,
        retry=target.retry_of(snapshot.deployment),
        reason=reason[:REASON_LIMIT],
        message=message[:MESSAGE_LIMIT],
        time=truncated(snapshot.now),
    )
    return _to(
        status,
        rule,
        Reason.ROLLED_BACK,
        f"run {canary.run} at {canary.weight} % of the requests: {reason}: {message}",
        event="Warning",
        evidence={"run": canary.run, "identity": canary.identity, "cause": reason, **evidence},
        canary=None,
        rejected=[entry, *status.rejected][: target.REJECTED_LIMIT],
    )


def _to(
    status: ModelDeploymentStatus,
    rule: str,
    reason: Reason,
    message: str,
    *,
    event: Literal["Normal", "Warning"] | None = "Normal",
    evidence: dict[str, Any] | None = None,
    **changes: Any,
) -> Transition:
    """Return the transition that changes these fields of the status."""
    decided = Decision(
        rule=f"model_deployment.{rule}",
        state="Working",
        reason=reason,
        message=message,
        evidence=evidence or {},
        about="",
        acts=True,
    )
    told = (Event(type=event, reason=reason, message=message),) if event else ()
    return Transition(status=changed(status, **changes), decision=decided, events=told)


RULES: tuple[Callable[[Rollout], Transition | None], ...] = (
    _drain,  # what served before goes once its clients have moved on
    _cancel,  # the canary is no longer wanted
    _supersede,  # something newer should serve than what is under way
    _start,  # something else should serve, and nothing is under way
    _give_up,  # the canary's pods will not get ready
    _fail,  # the canary's answers are bad
    _take_over,  # nothing serves yet, or no step is asked for
    _weigh,  # the canary gets its share of the requests
    _advance,  # the step has passed
)

"""The transitions of a rollout, in the order in which they are tried; one per pass.

A transition is stored in the status first, and the next pass carries it out. So an operator that
stops after any write continues from exactly there.

One change at a time: while pods of the previous model are draining, no rollout begins. A suspended
deployment keeps the share of its canary, but a failing canary is still rolled back. A first model
is not rolled back, because no other model could serve; its pods keep trying to start.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from plumbline.api.decision import Decision, first
from plumbline.api.plan import Event
from plumbline.api.sentences import sentence
from plumbline.api.v1alpha1.model_deployment import (
    Canary,
    ModelDeploymentStatus,
    Rejected,
    RolloutStep,
    Served,
)
from plumbline.api.v1alpha1.model_deployment import ModelDeploymentReason as Reason
from plumbline.plan.common.conditions import changed, truncated
from plumbline.plan.common.pod_failures import PodFailure
from plumbline.plan.model_deployment import measure, target, workload
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot

# Long enough for kube-proxy on every node to learn the new pods of the Service.
DRAIN = timedelta(seconds=15)
# As long as the CRD allows for a rejection.
REASON_LIMIT, MESSAGE_LIMIT = 63, 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """The status after this pass, why it changes, and the Events about it.

    Attributes:
        decision: None when only the counts change.
    """

    status: ModelDeploymentStatus
    decision: Decision | None = None
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """The current state of a rollout, and the model that should serve in the end."""

    snapshot: ModelDeploymentSnapshot
    wanted: Served | None

    @property
    def status(self) -> ModelDeploymentStatus:
        """The stored status."""
        return self.snapshot.deployment.status

    @property
    def steps(self) -> list[RolloutStep]:
        """The steps of the spec, which may have changed since the rollout began."""
        return self.snapshot.deployment.spec.rollout.steps

    @property
    def is_suspended(self) -> bool:
        """Whether spec.suspend pauses rollouts."""
        return self.snapshot.deployment.spec.suspend

    @property
    def is_new(self) -> bool:
        """Whether another model should serve than the one that does."""
        stable = self.status.stable
        return self.wanted is not None and (
            stable is None or self.wanted.identity != stable.identity
        )

    @property
    def may_advance(self) -> bool:
        """Whether a canary may receive more requests: its pods are available, nothing pauses it."""
        return not self.is_suspended and workload.canary_available(self.snapshot)


def next_transition(snapshot: ModelDeploymentSnapshot, wanted: Served | None) -> Transition:
    """Return the next transition; if there is none, only the counts change."""
    found = first(RULES, Rollout(snapshot=snapshot, wanted=wanted))
    return found or Transition(status=measure.with_counts(snapshot))


def _drain(rollout: Rollout) -> Transition | None:
    """Start the drain time of the previous model, or remove its pods when that time is over.

    The time starts when the Service selects the new pods, not when that was decided; so a late
    pass, after a restart of the operator, interrupts no client.
    """
    status, now = rollout.status, truncated(rollout.snapshot.now)
    selected = workload.selected_identity(rollout.snapshot)
    if status.stable is None or selected != status.stable.identity:
        return None
    stamped = [old if old.since else changed(old, since=now) for old in status.retiring]
    draining = [old for old in stamped if old.since is None or now < old.since + DRAIN]
    if draining == status.retiring:
        return None
    text = f"The Service selects run {status.stable.run}."
    if draining:
        text += f" The pods of run {', '.join(old.run for old in draining)} are draining."
    return _transition(status, "drain", Reason.DRAINING, text, event=None, retiring=draining)


def _cancel(rollout: Rollout) -> Transition | None:
    """Remove the canary when the model that serves should continue to serve."""
    canary = rollout.status.canary
    if canary is None or rollout.is_suspended or rollout.is_new:
        return None
    text = f"Cancelled the rollout of run {canary.run}, because the spec no longer selects it."
    return _transition(rollout.status, "cancel", Reason.ROLLOUT_CANCELLED, text, canary=None)


def _supersede(rollout: Rollout) -> Transition | None:
    """Replace the canary by a model that should serve instead."""
    canary, wanted = rollout.status.canary, rollout.wanted
    if canary is None or wanted is None or wanted.identity == canary.identity:
        return None
    if rollout.is_suspended:
        return None
    text = f"Run {wanted.run} replaces run {canary.run} in the rollout."
    if wanted.run == canary.run:
        cause = "its model or spec.server changed"
        text = f"Starting the rollout of run {wanted.run} again, because {cause}."
    return _begin(rollout, wanted, "supersede", text)


def _start(rollout: Rollout) -> Transition | None:
    """Start the rollout of the model that should serve, when no other rollout is under way."""
    status, wanted = rollout.status, rollout.wanted
    if wanted is None or not rollout.is_new:
        return None
    if status.canary or status.retiring or rollout.is_suspended:
        return None
    text = f"Starting the rollout of run {wanted.run} (data revision {wanted.revision})."
    return _begin(rollout, wanted, "start", text)


def _give_up(rollout: Rollout) -> Transition | None:
    """Roll back a canary whose pods do not become ready."""
    snapshot, status = rollout.snapshot, rollout.status
    if status.canary is None or status.stable is None or workload.canary_available(snapshot):
        return None
    trouble = workload.canary_trouble(snapshot)
    if not _is_hopeless(status.canary, trouble, overdue=workload.is_overdue(snapshot)):
        return None
    seconds = snapshot.deployment.spec.rollout.progress_deadline_seconds
    reason = trouble.reason if trouble else Reason.PROGRESS_DEADLINE_EXCEEDED
    message = trouble.message if trouble else f"Its pods were not ready within {seconds} s."
    return _reject(rollout, status.canary, "give_up", reason, message)


def _fail(rollout: Rollout) -> Transition | None:
    """Roll back a canary with significantly more errors or slower replies than the limits allow."""
    canary = rollout.status.canary
    if canary is None or rollout.status.stable is None or not canary.weight:
        return None
    found = measure.analysis(rollout.snapshot, canary)
    if found is None or found.verdict != "Fail":
        return None
    evidence = {"requests": found.requests, "errors": found.errors}
    return _reject(rollout, canary, "fail", found.reason, found.message, **evidence)


def _take_over(rollout: Rollout) -> Transition | None:
    """Promote the canary when no model serves yet, or the spec has no steps."""
    canary = rollout.status.canary
    if canary is None or (rollout.status.stable is not None and rollout.steps):
        return None
    return _promote(rollout, canary, "take_over") if rollout.may_advance else None


def _weigh(rollout: Rollout) -> Transition | None:
    """Set the canary's share to that of its step, at first or after the step was edited."""
    canary = rollout.status.canary
    if canary is None or not rollout.may_advance:
        return None
    if measure.weight_of(rollout.steps, canary.step) == canary.weight:
        return None
    # The spec may have fewer steps than when the rollout began.
    return _on_step(rollout, canary, "weigh", min(canary.step, len(rollout.steps) - 1))


def _advance(rollout: Rollout) -> Transition | None:
    """Go to the next step once this one has passed, or promote after the last one.

    Only a Pass continues; a canary without traffic keeps its step for as long as it takes.
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
    """Return whether waiting is useless.

    Without a share: after a final problem or the deadline. With a share: after a final problem or a
    crash only, since pods that were ready once may become ready again, perhaps on another node.
    """
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
    return _transition(rollout.status, rule, reason, message, evidence=evidence, canary=canary)


def _on_step(rollout: Rollout, canary: Canary, rule: str, step: int) -> Transition:
    weight = measure.weight_of(rollout.steps, step)
    where = f"step {step + 1} of {len(rollout.steps)}"
    moved = changed(
        canary,
        step=step,
        weight=weight,
        step_since=truncated(rollout.snapshot.now),
        requests=0,  # each step is measured by its own requests
        verdict="Inconclusive",
        message="",
        baseline=measure.newest_baseline(rollout.snapshot, canary),
    )
    text = f"Run {canary.run} serves {weight} % of the requests ({where})."
    evidence = {"run": canary.run, "step": step, "weight": weight}
    return _transition(
        rollout.status, rule, Reason.STEP_STARTED, text, evidence=evidence, canary=moved
    )


def _promote(rollout: Rollout, canary: Canary, rule: str) -> Transition:
    status, now = rollout.status, truncated(rollout.snapshot.now)
    # The drain time starts only when the Service selects the new pods: see _drain.
    previous = [changed(status.stable, since=None)] if status.stable else []
    return _transition(
        status,
        rule,
        Reason.PROMOTED,
        f"Run {canary.run} is promoted: it serves 100 % of the requests.",
        evidence={"run": canary.run, "identity": canary.identity, "requests": canary.requests},
        stable=changed(target.as_served(canary), since=now),
        canary=None,
        retiring=[*previous, *status.retiring],
    )


def _reject(
    rollout: Rollout, canary: Canary, rule: str, reason: str, message: str, **evidence: int
) -> Transition:
    """Remove the canary and record it, so that it is tried again only on request."""
    snapshot, status = rollout.snapshot, rollout.status
    share = f"at {canary.weight} % of the requests" if canary.weight else "before it had requests"
    what, served = target.rolled_back(snapshot.deployment, canary.run)
    entry = Rejected(
        identity=canary.identity,
        run=canary.run,
        image=canary.image,
        retry=target.retry_annotation(snapshot.deployment),
        reason=reason[:REASON_LIMIT],
        message=sentence(message)[:MESSAGE_LIMIT],
        time=truncated(snapshot.now),
    )
    return _transition(
        status,
        rule,
        Reason.ROLLED_BACK,
        f"{what} was rolled back {share} ({reason}). {sentence(message)}{served}",
        event="Warning",
        evidence={"run": canary.run, "identity": canary.identity, "cause": reason, **evidence},
        canary=None,
        rejected=[entry, *status.rejected][: target.REJECTED_LIMIT],
    )


def _transition(
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
        condition_type="",
        acts=True,
    )
    events = (Event(type=event, reason=reason, message=message),) if event else ()
    return Transition(status=changed(status, **changes), decision=decided, events=events)


RULES: tuple[Callable[[Rollout], Transition | None], ...] = (
    _drain,  # pods of the previous model are removed after their drain time
    _cancel,  # the canary should no longer serve
    _supersede,  # another model should serve than the canary
    _start,  # another model should serve, and no rollout is under way
    _give_up,  # the canary's pods do not become ready
    _fail,  # the canary has too many errors or slow answers
    _take_over,  # no model serves yet, or the spec has no steps
    _weigh,  # the canary receives its share of the requests
    _advance,  # the step has passed
)

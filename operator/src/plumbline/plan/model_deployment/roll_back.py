"""The moves that undo a rollout: its pods will not get ready, or its answers are bad.

Safety is never held: a suspended deployment rolls a failing canary back all the same. A first model
is not rolled back, for nothing else could serve; it goes on trying and says what is wrong.
"""

from plumbline.api.reasons import ModelDeploymentReason as Reason
from plumbline.api.v1alpha1.model_deployment import Canary, Rejected
from plumbline.plan.common.status import moment
from plumbline.plan.model_deployment import analysis as rollout_analysis
from plumbline.plan.model_deployment import view
from plumbline.plan.model_deployment.choice import Choice
from plumbline.plan.model_deployment.identity import REJECTED_LIMIT, retry_of
from plumbline.plan.model_deployment.move import Move, move
from plumbline.plan.model_deployment.pods import Trouble
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot

CRASHES = frozenset({"CrashLoopBackOff", "OOMKilled"})
REASON_LIMIT, MESSAGE_LIMIT = 63, 1024


def give_up(snapshot: ModelDeploymentSnapshot, choice: Choice) -> Move | None:
    """Roll back a canary whose pods will not get ready."""
    status = snapshot.deployment.status
    if status.canary is None or status.stable is None or view.canary_available(snapshot):
        return None
    trouble = view.canary_trouble(snapshot)
    if not _is_hopeless(status.canary, trouble, overdue=view.is_overdue(snapshot)):
        return None
    seconds = snapshot.deployment.spec.rollout.progress_deadline_seconds
    reason = trouble.reason if trouble else Reason.PROGRESS_DEADLINE_EXCEEDED
    message = trouble.message if trouble else f"its pods were not ready within {seconds} s"
    return _rejected(snapshot, status.canary, reason=reason, message=message)


def fail(snapshot: ModelDeploymentSnapshot, choice: Choice) -> Move | None:
    """Roll back a canary whose answers are significantly bad."""
    status = snapshot.deployment.status
    if status.canary is None or status.stable is None or not status.canary.weight:
        return None
    look = rollout_analysis.look(snapshot, status.canary)
    if look is None or look.verdict != "Fail":
        return None
    return _rejected(snapshot, status.canary, reason=look.reason, message=look.message)


def _is_hopeless(canary: Canary, trouble: Trouble | None, *, overdue: bool) -> bool:
    """Tell whether waiting cannot help; pods that were ready once may be on another node soon."""
    if trouble and trouble.final:
        return True
    if canary.weight:
        return trouble is not None and trouble.reason in CRASHES
    return overdue and not (trouble and trouble.passes)


def _rejected(
    snapshot: ModelDeploymentSnapshot, canary: Canary, *, reason: str, message: str
) -> Move:
    """Drop the canary and remember it, so that it is not tried again until somebody asks."""
    status = snapshot.deployment.status
    entry = Rejected(
        identity=canary.identity,
        run=canary.run,
        image=canary.image,
        retry=retry_of(snapshot.deployment),
        reason=reason[:REASON_LIMIT],
        message=message[:MESSAGE_LIMIT],
        time=moment(snapshot.now),
    )
    return move(
        status,
        reason=Reason.ROLLED_BACK,
        message=f"run {canary.run} at {canary.weight} % of the requests: {reason}: {message}",
        kind="Warning",
        canary=None,
        rejected=[entry, *status.rejected][:REJECTED_LIMIT],
    )

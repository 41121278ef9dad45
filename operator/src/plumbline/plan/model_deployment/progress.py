"""The Progressing condition: which step of how many, and what the step still needs."""

from plumbline.api.objects import Manifest
from plumbline.api.reasons import ModelDeploymentReason as Reason
from plumbline.api.v1alpha1.model_deployment import Canary, ModelDeploymentStatus
from plumbline.plan.common.conditions import condition
from plumbline.plan.model_deployment import view
from plumbline.plan.model_deployment.choice import Choice, how_to_retry
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot

PROGRESSING = "Progressing"


def progress(
    snapshot: ModelDeploymentSnapshot, choice: Choice, after: ModelDeploymentStatus
) -> Manifest:
    """Return the condition: True while a rollout is under way and may go on."""
    if after.canary and view.is_held(snapshot):
        message = f"suspend is set: held where it is. {_course(snapshot, after.canary)}"
        return _condition(Reason.SUSPENDED, message, status=False)
    if after.canary:
        message = _course(snapshot, after.canary)
        return _condition(_reason(snapshot, after.canary), message, status=True)
    if after.retiring:
        runs = ", ".join(old.run for old in after.retiring)
        return _condition(Reason.RETIRING, f"the pods of run {runs} drain", status=True)
    return _at_rest(snapshot, choice, after)


def _at_rest(
    snapshot: ModelDeploymentSnapshot, choice: Choice, after: ModelDeploymentStatus
) -> Manifest:
    """Return why nothing is under way."""
    if after.rejected and after.rejected != snapshot.deployment.status.rejected:
        newest = after.rejected[0]
        said = f"run {newest.run} was rolled back: {newest.reason}: {newest.message}"
        retry = how_to_retry(snapshot.deployment)
        return _condition(Reason.ROLLED_BACK, f"{said}. {retry}", status=False)
    if choice.reason:
        return _condition(choice.reason, choice.message, status=False)
    return _condition(Reason.IDLE, "no rollout is under way", status=False)


def _reason(snapshot: ModelDeploymentSnapshot, canary: Canary) -> str:
    if canary.weight:
        return Reason.CANARY_MEASURED
    trouble = view.canary_trouble(snapshot)
    return trouble.reason if trouble else Reason.STARTING


def _course(snapshot: ModelDeploymentSnapshot, canary: Canary) -> str:
    """Return how far the canary has come, in numbers that rarely change."""
    name = f"run {canary.run} (data revision {canary.revision})"
    if not canary.weight:
        trouble = view.canary_trouble(snapshot)
        return f"the pods of {name} start" + (f": {trouble.message}" if trouble else "")
    steps = snapshot.deployment.spec.rollout.steps
    where = f"step {canary.step + 1} of {len(steps)}: {name} answers {canary.weight} %"
    said = canary.message or f"no request counted yet, {_needed(snapshot)} are needed"
    return f"{where} of the requests. {canary.verdict}: {said}{_missing(snapshot, canary)}"


def _missing(snapshot: ModelDeploymentSnapshot, canary: Canary) -> str:
    """Return what a canary that answers still waits for: it moves only with all its pods."""
    pods = view.pods_of(snapshot, canary.identity)
    if pods.available:
        return _unasked(snapshot) or _uncounted(snapshot)
    trouble = view.trouble(snapshot, canary.identity)
    why = f": {trouble.message}" if trouble else ""
    return f". It goes on when all its pods are ready ({pods.ready} of {pods.wanted} are{why})"


def _unasked(snapshot: ModelDeploymentSnapshot) -> str:
    """Return why no request can come: those that serve send them, and none of them is there."""
    stable = snapshot.deployment.status.stable
    if stable is None or view.pods_of(snapshot, stable.identity).ready:
        return ""
    lost = f". No pod of run {stable.run} is ready to send it requests"
    return f"{lost}: mend them, or set rollout.steps to [] and it takes over unmeasured"


def _uncounted(snapshot: ModelDeploymentSnapshot) -> str:
    """Return whose counts cannot be read: no step ends before all pods that serve have told."""
    stable = snapshot.deployment.status.stable
    serving = stable.identity if stable else ""
    blind = [each for each in snapshot.traffic.unreadable if each.identity == serving]
    if not blind:
        return ""
    each = blind[0]
    more = f" and {len(blind) - 1} more" if len(blind) > 1 else ""
    said = f"counts of pod {each.pod} (image {each.image}){more} cannot be read: {each.message}"
    return f". It waits: {said}. Run an operator of that release, or name a newer run"


def _needed(snapshot: ModelDeploymentSnapshot) -> int:
    return snapshot.deployment.spec.rollout.analysis.min_requests


def _condition(reason: str, message: str, *, status: bool) -> Manifest:
    return condition(PROGRESSING, status=status, reason=reason, message=message)

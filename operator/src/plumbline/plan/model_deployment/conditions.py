"""What the object says of itself: whether it serves, and how far a rollout has come."""

from plumbline.api.objects import Manifest
from plumbline.api.reasons import ModelDeploymentReason as Reason
from plumbline.api.v1alpha1.model_deployment import Canary, ModelDeploymentStatus, Served
from plumbline.plan.common.access import store_missing
from plumbline.plan.common.conditions import RECONCILING, condition, held, ready, stalled, working
from plumbline.plan.model_deployment import view
from plumbline.plan.model_deployment.choice import Choice
from plumbline.plan.model_deployment.progress import progress
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot
from plumbline.plan.specs import service as services

PROGRESSING = "Progressing"


def conditions(
    snapshot: ModelDeploymentSnapshot, choice: Choice, after: ModelDeploymentStatus
) -> list[Manifest]:
    """Return every condition."""
    if after.stable is None:
        return [*_first(snapshot, choice, after), progress(snapshot, choice, after)]
    found = _serving(snapshot, after.stable)
    course = progress(snapshot, choice, after)
    if course["status"] == "True" and not _is(found, RECONCILING):
        reason, message = course["reason"], course["message"]
        found.append(condition(RECONCILING, status=True, reason=reason, message=message))
    return [*found, course]


def _first(
    snapshot: ModelDeploymentSnapshot, choice: Choice, after: ModelDeploymentStatus
) -> list[Manifest]:
    """Return the state of a deployment that has never served."""
    if view.is_held(snapshot):
        return held(Reason.SUSPENDED, "suspend is set: nothing is started")
    if after.canary:
        return _first_start(snapshot, after.canary)
    if choice.target is None:
        return working(choice.reason, choice.message)
    return working(Reason.STARTING, f"run {choice.target.run} starts")


def _first_start(snapshot: ModelDeploymentSnapshot, canary: Canary) -> list[Manifest]:
    name = f"run {canary.run} (data revision {canary.revision})"
    trouble = view.canary_trouble(snapshot)
    if missing := store_missing(snapshot.deployment.metadata.namespace, snapshot.settings):
        return stalled(Reason.STORE_CREDENTIALS_MISSING, missing)
    overdue = view.is_overdue(snapshot) and not (trouble and trouble.passes)
    if trouble and (trouble.final or overdue):
        return stalled(trouble.reason, f"{name} cannot start: {trouble.message}")
    if trouble:
        return working(trouble.reason, f"{name} does not start yet: {trouble.message}")
    if overdue:
        seconds = snapshot.deployment.spec.rollout.progress_deadline_seconds
        message = f"the pods of {name} were not ready within {seconds} s: kubectl describe them"
        return stalled(Reason.PROGRESS_DEADLINE_EXCEEDED, message)
    return working(Reason.STARTING, f"the pods of {name} start")


def _serving(snapshot: ModelDeploymentSnapshot, stable: Served) -> list[Manifest]:
    """Return whether what serves has pods that answer."""
    pods = view.pods_of(snapshot, stable.identity)
    name = f"run {stable.run} (data revision {stable.revision}, model {stable.model[:19]})"
    if pods.wanted == 0:
        message = f"{name} is scaled to zero: spec.replicas is 0"
        return ready(Reason.SCALED_TO_ZERO, message)
    if pods.ready == 0:
        trouble = view.trouble(snapshot, stable.identity)
        said = trouble.message if trouble else "they start"
        message = f"none of {pods.wanted} pods of {name} is ready: {said}"
        return working(trouble.reason if trouble else Reason.UNAVAILABLE, message)
    held_back = ". suspend is set: nothing new is rolled out" if view.is_held(snapshot) else ""
    url = services.url(snapshot.deployment)
    return ready(Reason.SERVING, f"{name} serves at {url}{held_back}")


def _is(found: list[Manifest], type_: str) -> bool:
    return any(each["type"] == type_ for each in found)

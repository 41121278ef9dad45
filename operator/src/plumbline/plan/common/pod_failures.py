"""Why pods do not start, from the words of kubelet and scheduler, the same for every kind.

The same problem has the same reason, remedy and prospect for the Job of a run, the Job of a Dataset
and the pods of a deployment.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from plumbline.api.objects import Manifest
from plumbline.api.sentences import sentence
from plumbline.contract.last_words import Failure, LastWord, read

# Four prospects: who or what ends the trouble of a pod, and what follows until then for its owner:
#          ended by                       a Job                           a canary without a share
#   Passes   time, a retry or a quota     shown if it lasts               its deadline is extended
#   Waits    others: nodes with capacity  shown at once, never Stalled    rejected at its deadline
#   Fixable  a person, not in our object  shown at once, Stalled later    rejected at its deadline
#   Final    a person, in our object      Stalled at once                 rejected at once
Prospect = Literal["Passes", "Waits", "Fixable", "Final"]
SAID_LIMIT = 300


@dataclass(frozen=True, slots=True)
class PodReason:
    """What a kubelet's reason means: the reason in conditions, what to do, and what to expect."""

    reason: str
    remedy: str = ""
    prospect: Prospect = "Fixable"


@dataclass(frozen=True, slots=True, kw_only=True)
class PodFailure:
    """Why pods do not become ready."""

    reason: str
    message: str
    prospect: Prospect = "Fixable"

    @property
    def is_final(self) -> bool:
        """Whether waiting is useless."""
        return self.prospect == "Final"

    @property
    def passes(self) -> bool:
        """Whether it ends without a change of the object, so that a deadline does not count."""
        return self.prospect == "Passes"

    @property
    def crashes(self) -> bool:
        """Whether a container started and then ended."""
        return self.reason in (CRASHING, OOM_KILLED)


CRASHING, OOM_KILLED, RUNS_AS_ROOT = "CrashLoopBackOff", "OOMKilled", "RunAsRoot"
CONTAINER_CREATING, PODLESS, UNSCHEDULABLE = "ContainerCreating", "PodMissing", "Unschedulable"
QUOTA = "exceeded quota"
_IMAGE = PodReason("ImagePullBackOff", "Check the image's name and the pull secrets.")
_NAMED = "Fix this cause; the kubelet then tries again."
_STARTING = PodReason(CONTAINER_CREATING, prospect="Passes")
POD_REASONS: Mapping[str, PodReason] = {
    # The kubelet alternates between these for one and the same trouble.
    "ErrImagePull": _IMAGE,
    "ImagePullBackOff": _IMAGE,
    "ErrImageNeverPull": PodReason(
        "ErrImageNeverPull", "Load the image on the node or change the pull policy."
    ),
    "InvalidImageName": PodReason("InvalidImageName", "Fix the image's name.", "Final"),
    RUNS_AS_ROOT: PodReason(RUNS_AS_ROOT, "Give the image a numeric USER other than 0.", "Final"),
    "CreateContainerConfigError": PodReason("CreateContainerConfigError", _NAMED),
    "CreateContainerError": PodReason("CreateContainerError", _NAMED),
    "RunContainerError": PodReason("RunContainerError", _NAMED),
    CRASHING: PodReason(CRASHING, "Read its log with kubectl logs --previous."),
    OOM_KILLED: PodReason(
        OOM_KILLED,
        "It needs a higher spec.resources.memory (spec.server.resources.memory in a "
        "ModelDeployment).",
    ),
    UNSCHEDULABLE: PodReason(
        UNSCHEDULABLE,
        "Add nodes or request less; the pod starts when a node has room.",
        "Waits",
    ),
    CONTAINER_CREATING: _STARTING,
    "PodInitializing": _STARTING,
    PODLESS: PodReason(PODLESS, prospect="Passes"),
}


def pod_reason(reason: str) -> PodReason:
    """Return what a reason means; an unknown reason counts as Waits."""
    return POD_REASONS.get(reason) or PodReason(reason, prospect="Waits")


def why_waiting(status: Manifest, where: str) -> PodFailure | None:
    """Return why a container does not start; None while it waits for its turn or its image."""
    waiting = status.get("state", {}).get("waiting", {})
    found = POD_REASONS.get(waiting.get("reason", ""))
    if found is None or found.prospect == "Passes":
        return None
    said = _last_end(status) if found.reason == CRASHING else waiting.get("message", "")
    # The kubelet reports this as CreateContainerConfigError, which sounds as if waiting could help.
    if "runAsNonRoot" in said or "run as root" in said:
        found, said = POD_REASONS[RUNS_AS_ROOT], "the image runs as root"
    return failure(found, where, said[:SAID_LIMIT] or found.reason)


def out_of_memory(where: str, name: str, pod: Manifest) -> PodFailure:
    """Return the failure of the container called `name`, which used too much memory."""
    found, spec = POD_REASONS[OOM_KILLED], pod.get("spec", {})
    both = (*spec.get("initContainers", ()), *spec.get("containers", ()))
    limits = [c.get("resources", {}).get("limits", {}) for c in both if c["name"] == name]
    limit = next((f" ({each['memory']})" for each in limits if "memory" in each), "")
    text = f"{where} used more memory than its limit{limit}. {found.remedy}"
    return PodFailure(reason=OOM_KILLED, message=text, prospect=found.prospect)


def failure(found: PodReason, where: str, said: str) -> PodFailure:
    """Return the failure: where it happened, what was said, and what to do."""
    text = f"{where}: {sentence(said)} {found.remedy}".strip()
    return PodFailure(reason=found.reason, message=text, prospect=found.prospect)


def unschedulable(pod: Manifest, where: str) -> PodFailure | None:
    """Return why a pod cannot be scheduled, or None; `where` names it."""
    found = POD_REASONS[UNSCHEDULABLE]
    for condition in pod.get("status", {}).get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            said = sentence(condition.get("message", "no node fits"))
            text = f"{where} cannot be scheduled: {said} {found.remedy}"
            return PodFailure(reason=UNSCHEDULABLE, message=text, prospect=found.prospect)
    return None


def creation_refused(said: str) -> PodFailure:
    """Return the failure that the API server refuses to create pods.

    The name of the refused pod is left out: it is another one at each try.
    """
    # A quota allows the pods as soon as others end. A policy refuses them until a person acts.
    if QUOTA in said:
        why = sentence(said[said.index(QUOTA) :])
        remedy = "Raise the quota or delete other pods; Plumbline then continues."
        text = f"No pod could be created: {why} {remedy}"
        return PodFailure(reason="QuotaExceeded", message=text, prospect="Passes")
    _, _, why = said.partition(" is forbidden: ")
    remedy = "Change this policy or the settings of the pod."
    text = f"No pod could be created: {sentence(why or said)} {remedy}"
    return PodFailure(reason="PodsRefused", message=text)


def statuses(pod: Manifest) -> list[Manifest]:
    """Return the state of each container, in the order in which they start."""
    status = pod.get("status", {})
    return [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]


def last_words(pod: Manifest) -> Iterator[tuple[str, Manifest, LastWord | None]]:
    """Yield name, terminated state and last word (if it is ours) of each container that ended."""
    for status in statuses(pod):
        for state in (status.get("state", {}), status.get("lastState", {})):
            if ended := state.get("terminated"):
                yield status["name"], ended, read(ended.get("message", ""))


def is_temporary(word: LastWord | None) -> bool:
    """Return whether a step reported that the same may succeed later."""
    return isinstance(word, Failure) and word.temporary is True


def _last_end(status: Manifest) -> str:
    """Return how a container that keeps crashing ended the last time."""
    ended = status.get("lastState", {}).get("terminated", {})
    last_line = ended.get("message", "").strip().rsplit("\n", 1)[-1]
    code = f"ended with code {ended['exitCode']}" if "exitCode" in ended else ""
    return ": ".join(part for part in (code, last_line) if part)

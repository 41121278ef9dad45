"""What it means when pods do not start, by what kubelet and scheduler say: once, for every kind.

The same trouble has the same reason, the same remedy and the same prospect whether it keeps the Job
of a run, that of a Dataset, or the pods of a deployment.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from plumbline.contract.last_words import Failure, LastWord, read

Object = Mapping[str, Any]
# Passes: every pod goes through it, or it ends without anybody. Waits: for room in the cluster, or
# for whatever a step of ours waits for. Mendable: somebody mends it outside of the object, and the
# kubelet goes on trying. Final: the pod cannot start as it is described.
Prospect = Literal["Passes", "Waits", "Mendable", "Final"]
SAID_LIMIT = 300


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a reason means: the reason that conditions give, what mends it, and what to expect."""

    reason: str
    remedy: str = ""
    prospect: Prospect = "Mendable"


@dataclass(frozen=True, slots=True, kw_only=True)
class PodFailure:
    """What keeps pods from getting ready."""

    reason: str
    message: str
    prospect: Prospect = "Mendable"

    @property
    def is_final(self) -> bool:
        """Whether waiting cannot help."""
        return self.prospect == "Final"

    @property
    def passes(self) -> bool:
        """Whether it passes without a change of the object, however long that takes."""
        return self.prospect == "Passes"

    @property
    def crashes(self) -> bool:
        """Whether a container that had started has ended."""
        return self.reason in (CRASHING, KILLED)


CRASHING, KILLED, RUNS_AS_ROOT = "CrashLoopBackOff", "OOMKilled", "RunAsRoot"
STARTING, PODLESS, UNSCHEDULABLE = "ContainerCreating", "PodMissing", "Unschedulable"
QUOTA = "exceeded quota"
_IMAGE = Meaning("ImagePullBackOff", "check the image's name and the pull secrets")
_NAMED = "mend what the message names"
_STARTING = Meaning(STARTING, prospect="Passes")
MEANINGS: Mapping[str, Meaning] = {
    # The kubelet alternates between these for one and the same trouble.
    "ErrImagePull": _IMAGE,
    "ImagePullBackOff": _IMAGE,
    "ErrImageNeverPull": Meaning(
        "ErrImageNeverPull", "load the image on the node or change the pull policy"
    ),
    "InvalidImageName": Meaning("InvalidImageName", "mend the image's name", "Final"),
    RUNS_AS_ROOT: Meaning(RUNS_AS_ROOT, "give it a numeric USER other than 0", "Final"),
    "CreateContainerConfigError": Meaning("CreateContainerConfigError", _NAMED),
    "CreateContainerError": Meaning("CreateContainerError", _NAMED),
    "RunContainerError": Meaning("RunContainerError", _NAMED),
    CRASHING: Meaning(CRASHING, "see its log with kubectl logs --previous"),
    KILLED: Meaning(KILLED, "raise resources.memory"),
    UNSCHEDULABLE: Meaning(UNSCHEDULABLE, prospect="Waits"),
    STARTING: _STARTING,
    "PodInitializing": _STARTING,
    PODLESS: Meaning(PODLESS, prospect="Passes"),
}


def meaning(reason: str) -> Meaning:
    """Return what a reason means; what no kubelet says is waited for."""
    return MEANINGS.get(reason) or Meaning(reason, prospect="Waits")


def stuck(status: Object, where: str) -> PodFailure | None:
    """Return why a container waits, if that is more than its turn or its image."""
    waiting = status.get("state", {}).get("waiting", {})
    found = MEANINGS.get(waiting.get("reason", ""))
    if found is None or found.prospect == "Passes":
        return None
    said = _said_last(status) if found.reason == CRASHING else waiting.get("message", "")
    if "runAsNonRoot" in said or "run as root" in said:
        found, said = MEANINGS[RUNS_AS_ROOT], "its image runs as root"
    return failure(found, where, said[:SAID_LIMIT] or found.reason)


def killed(where: str) -> PodFailure:
    """Return what it means that a container was killed for its memory."""
    return failure(MEANINGS[KILLED], where, "it used more memory than its limit")


def failure(found: Meaning, where: str, said: str) -> PodFailure:
    """Return the failure with its place, what was said, and what mends it."""
    text = f"{where}: {said}: {found.remedy}"
    return PodFailure(reason=found.reason, message=text, prospect=found.prospect)


def unschedulable(pod: Object) -> PodFailure | None:
    """Return why no node takes a pod, or None."""
    found = MEANINGS[UNSCHEDULABLE]
    for condition in pod.get("status", {}).get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            text = f"no node takes the pod: {condition.get('message', 'no node fits')}"
            return PodFailure(reason=UNSCHEDULABLE, message=text, prospect=found.prospect)
    return None


def refused(said: str) -> PodFailure:
    """Return what it means that the API server lets no pod in.

    The name of the pod that was refused is left out: it is another one at each try.
    """
    if QUOTA in said:
        text = f"no pod is let in: {said[said.index(QUOTA) :]}; it goes on when there is room"
        return PodFailure(reason="QuotaExceeded", message=text, prospect="Passes")
    _, _, why = said.partition(" is forbidden: ")
    return PodFailure(reason="PodsRefused", message=f"no pod is let in: {why or said}")


def statuses(pod: Object) -> list[Object]:
    """Return the state of each container, in the order in which they start."""
    status = pod.get("status", {})
    return [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]


def last_words(pod: Object) -> Iterator[tuple[str, Object, LastWord | None]]:
    """Yield name, terminated state and last word, if it is ours, of each container that ended."""
    for status in statuses(pod):
        for state in (status.get("state", {}), status.get("lastState", {})):
            if ended := state.get("terminated"):
                yield status["name"], ended, read(ended.get("message", ""))


def is_temporary(word: LastWord | None) -> bool:
    """Return whether a step says of itself that the same may succeed later."""
    return isinstance(word, Failure) and word.temporary is True


def _said_last(status: Object) -> str:
    """Return how a container that crashes ended last."""
    ended = status.get("lastState", {}).get("terminated", {})
    last_line = ended.get("message", "").strip().rsplit("\n", 1)[-1]
    code = f"ended with code {ended['exitCode']}" if "exitCode" in ended else ""
    return ": ".join(part for part in (code, last_line) if part)

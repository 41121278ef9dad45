"""Why the pods of an identity are not ready, in the words of whoever knows best.

Our own `fetch` step says so itself in its last word; the kubelet says the rest.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from plumbline.api import names
from plumbline.api.objects import Manifest
from plumbline.contract import last_words

# What the kubelet says while a container cannot start, as one reason, with what mends it.
STUCK = {
    "ErrImagePull": ("ImagePullBackOff", "check the name of the image and the access to it"),
    "ImagePullBackOff": ("ImagePullBackOff", "check the name of the image and the access to it"),
    "ErrImageNeverPull": ("ErrImageNeverPull", "load the image on the node"),
    "InvalidImageName": ("InvalidImageName", "mend spec.server.image"),
    "CreateContainerConfigError": ("CreateContainerConfigError", "mend what the message names"),
    "CreateContainerError": ("CreateContainerError", "mend what the message names"),
    "RunContainerError": ("RunContainerError", "mend what the message names"),
    "CrashLoopBackOff": ("CrashLoopBackOff", "see its log with kubectl logs --previous"),
}
KILLED = "OOMKilled"
QUOTA = "exceeded quota"
SAID_LIMIT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What keeps pods from getting ready.

    Attributes:
        final: whether waiting cannot help.
        passes: whether it passes without a change of the deployment, however long that takes.
    """

    reason: str
    message: str
    final: bool = False
    passes: bool = False


def of_identity(pods: Iterable[Manifest], identity: str) -> list[Manifest]:
    """Return the pods of one identity, the newest last."""
    mine = [
        pod
        for pod in pods
        if pod["metadata"].get("labels", {}).get(names.IDENTITY_LABEL) == identity
        and not pod["metadata"].get("deletionTimestamp")
    ]
    about = [(p["metadata"].get("creationTimestamp", ""), p["metadata"]["name"], p) for p in mine]
    return [pod for _, _, pod in sorted(about, key=lambda each: each[:2])]


def trouble(pods: Iterable[Manifest], identity: str) -> Trouble | None:
    """Return what keeps the pods of an identity from getting ready, or None."""
    mine = of_identity(pods, identity)
    return next((found for pod in mine if (found := _of_pod(pod))), None)


def resumed(pods: Iterable[Manifest], identity: str) -> datetime | None:
    """Return when a step at last did what it had failed at for a time, such as reading the store.

    A model must not answer for the time before, so that its pods' time to get ready begins here.
    """
    times = [
        datetime.fromisoformat(now["finishedAt"])
        for pod in of_identity(pods, identity)
        for status in _statuses(pod)
        if (now := status.get("state", {}).get("terminated", {})).get("exitCode") == 0
        and now.get("finishedAt")
        and _is_temporary(status.get("lastState", {}).get("terminated", {}))
    ]
    return max(times, default=None)


def refusal(deployment: Manifest | None) -> Trouble | None:
    """Return why the cluster makes no pods for a live Deployment, or None.

    The name of the pod that was refused is left out: it is another one at each try.
    """
    for found in (deployment or {}).get("status", {}).get("conditions", ()):
        said = found.get("message", "")
        if found["type"] != "ReplicaFailure" or found["status"] != "True":
            continue
        if QUOTA in said:
            text = f"no pod is let in: {said[said.index(QUOTA) :]}; it goes on when there is room"
            return Trouble(reason="QuotaExceeded", message=text, passes=True)
        _, _, why = said.partition(" is forbidden: ")
        return Trouble(reason="PodsRefused", message=f"no pod is let in: {why or said}")
    return None


def _of_pod(pod: Manifest) -> Trouble | None:
    if pod.get("status", {}).get("reason") == "Evicted":
        return None
    found = [*_own_words(pod), *_kills(pod), *_kubelet_words(pod), *_scheduler_words(pod)]
    return found[0] if found else None


def _own_words(pod: Manifest) -> Iterator[Trouble]:
    """Yield what our own containers said when they ended badly and have not started since.

    A server of somebody's own may log anything. What is temporary passes, however long it takes;
    final is only what says so: a word that does not must reject no good model.
    """
    for status, ended in [*_ended(pod), *_tried_again(pod)]:
        word = last_words.read(ended.get("message", ""))
        if word and word.reason:
            temporary = word.temporary if isinstance(word, last_words.Failure) else None
            yield Trouble(
                reason=word.reason,
                message=f"container {status['name']}: {word.message or word.reason}",
                final=temporary is False,
                passes=temporary is True,
            )


def _tried_again(pod: Manifest) -> Iterator[tuple[Manifest, Manifest]]:
    """Yield containers that run again after a temporary failure: it may not have passed yet."""
    for status in _statuses(pod):
        before = status.get("lastState", {}).get("terminated", {})
        runs = "running" in status.get("state", {}) and not status.get("ready")
        if runs and _is_temporary(before):
            yield status, before


def _is_temporary(ended: Manifest) -> bool:
    word = last_words.read(ended.get("message", ""))
    return isinstance(word, last_words.Failure) and word.temporary is True


def _kills(pod: Manifest) -> Iterator[Trouble]:
    for status, ended in _ended(pod):
        if ended.get("reason") == KILLED:
            text = f"container {status['name']} was killed for want of memory"
            remedy = "raise spec.server.resources.memory"
            yield Trouble(reason=KILLED, message=f"{text}: {remedy}")


def _kubelet_words(pod: Manifest) -> Iterator[Trouble]:
    for status in _statuses(pod):
        waiting = status.get("state", {}).get("waiting", {})
        if known := STUCK.get(waiting.get("reason", "")):
            reason, remedy = known
            said = _said(status) if reason == "CrashLoopBackOff" else waiting.get("message", "")
            if "runAsNonRoot" in said or "run as root" in said:
                reason, said, remedy = "RunAsRoot", "", "give its image a numeric user other than 0"
            parts = [f"container {status['name']}: {reason}", said[:SAID_LIMIT], remedy]
            yield Trouble(reason=reason, message=": ".join(part for part in parts if part))


def _scheduler_words(pod: Manifest) -> Iterator[Trouble]:
    for condition in pod.get("status", {}).get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            said = condition.get("message", "no node fits")
            yield Trouble(reason="Unschedulable", message=f"no node takes the pod: {said}")


def _said(status: Manifest) -> str:
    """Return how a container that crashes ended last."""
    ended = status.get("lastState", {}).get("terminated", {})
    last_line = ended.get("message", "").strip().rsplit("\n", 1)[-1]
    code = f"ended with code {ended['exitCode']}" if "exitCode" in ended else ""
    return ": ".join(part for part in (code, last_line) if part)


def _ended(pod: Manifest) -> Iterator[tuple[Manifest, Manifest]]:
    """Yield containers that are not running, with how they ended badly."""
    for status in _statuses(pod):
        state = status.get("state", {})
        if status.get("ready") or "running" in state:
            continue
        ended = state.get("terminated") or status.get("lastState", {}).get("terminated")
        if ended and ended.get("exitCode", 0) != 0:
            yield status, ended


def _statuses(pod: Manifest) -> list[Manifest]:
    status = pod.get("status", {})
    return [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]

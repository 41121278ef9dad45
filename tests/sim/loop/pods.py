"""What the kubelet says of a pod: it runs, it ended, or what keeps it."""

import json
from typing import Any

Object = dict[str, Any]


def running(stamp: str, before: Object) -> Object:
    """Return the status of a pod that serves; what its fetch failed with before is remembered."""
    fetched = {"exitCode": 0, "finishedAt": stamp}
    old = next(iter(before.get("initContainerStatuses", ())), {})
    last = {"lastState": old["lastState"]} if old.get("lastState") else {}
    return {
        "phase": "Running",
        "podIP": "10.0.0.9",
        "conditions": [{"type": "Ready", "status": "True"}],
        "initContainerStatuses": [{"name": "fetch", "state": {"terminated": fetched}, **last}],
        "containerStatuses": [{"name": "server", "ready": True, "state": {"running": {}}}],
    }


def works(stamp: str, name: str) -> Object:
    """Return the status of a Job's pod while its container runs."""
    running = {"running": {"startedAt": stamp}}
    status = {"name": name, "started": True, "state": running}
    return {"phase": "Running", "startTime": stamp, "containerStatuses": [status]}


def ended(name: str, word: Object | str, *, code: int = 0) -> Object:
    """Return the status of a pod whose container has ended with a last word."""
    message = word if isinstance(word, str) else json.dumps(word)
    last = {"exitCode": code, "message": message, "reason": "Completed" if not code else "Error"}
    return {
        "phase": "Failed" if code else "Succeeded",
        "containerStatuses": [{"name": name, "state": {"terminated": last}}],
    }


def tries_again(name: str, word: Object) -> Object:
    """Return the status of a pod whose container failed for a cause that may pass."""
    last = {"terminated": {"exitCode": 75, "message": json.dumps({**word, "retry": True})}}
    waits = {"waiting": {"reason": "CrashLoopBackOff"}}
    status = {"name": name, "ready": False, "state": waits, "lastState": last}
    return {"phase": "Pending", "initContainerStatuses": [status]}


def waits(name: str, reason: str, message: str = "") -> Object:
    """Return the status of a pod with a container that waits for this reason."""
    waiting = {"waiting": {"reason": reason, "message": message}}
    return {"phase": "Pending", "containerStatuses": [{"name": name, "state": waiting}]}


def unschedulable(message: str = "0/3 nodes are available: insufficient memory") -> Object:
    """Return the status of a pod that no node takes."""
    told = {"type": "PodScheduled", "status": "False", "message": message}
    return {"phase": "Pending", "conditions": [told]}


def crashes() -> Object:
    """Return the status of a pod whose server ends again and again."""
    last = {"terminated": {"exitCode": 1, "message": "no such class"}}
    waiting = {"waiting": {"reason": "CrashLoopBackOff"}}
    status = {"name": "server", "ready": False, "state": waiting, "lastState": last}
    return {"phase": "Running", "containerStatuses": [status]}


def damaged() -> Object:
    """Return the status of a pod whose model is not what was stored."""
    word = {"reason": "ModelDamaged", "message": "it is not what was stored", "retry": False}
    last = {"terminated": {"exitCode": 64, "message": json.dumps(word)}}
    return {"phase": "Pending", "initContainerStatuses": [{"name": "fetch", "state": last}]}


AWAY = {"reason": "StoreUnreachable", "message": "the store does not answer"}
SERVING_TROUBLES = (
    crashes(),
    waits("server", "ImagePullBackOff", "no such image"),
    damaged(),
    tries_again("fetch", AWAY),
    unschedulable(),
    waits("server", "ContainerCreating"),
)

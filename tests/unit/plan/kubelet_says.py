"""What Kubernetes says of Jobs and their pods, from their start to any end."""

import json
from typing import Any

Object = dict[str, Any]
DIGEST = "sha256:" + "a" * 64
BORN, SOON, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z"
DONE = {"digest": DIGEST, "verdict": "Trained"}
AWAY = {"reason": "StoreUnreachable", "message": "The store is away.", "retry": True}
MISSING = {"reason": "ModelMissing", "message": "train wrote no model.", "retry": False}
LIMITS = {"resources": {"limits": {"memory": "2Gi"}}}
SPEC = {
    "initContainers": [
        {"name": "fetch", "resources": {"limits": {"memory": "1Gi"}}},
        {"name": "upload", "restartPolicy": "Always"},
    ],
    "containers": [{"name": "train", **LIMITS}],
}


def job(type_: str = "", reason: str = "", message: str = "", **status: Any) -> Object:
    told = {"type": type_, "status": "True", "reason": reason, "message": message}
    beside = {"type": "Suspended", "status": "False", "reason": "JobResumed"}
    conditions = [beside, told] if type_ else [beside]
    return {
        "metadata": {"name": "first-train", "uid": "u"},
        "spec": {"activeDeadlineSeconds": 600},
        "status": {"startTime": BORN, "conditions": conditions, **status},
    }


def pod(name: str = "p", phase: str = "Running", born: str = BORN, **states: Object) -> Object:
    """Return a train pod whose containers are in these states."""
    inits, mains = [], []
    for container, state in states.items():
        into = mains if container == "train" else inits
        into.append({"name": container, "image": "team/train:1", **state})
    return {
        "metadata": {"name": name, "creationTimestamp": born},
        "spec": SPEC,
        "status": {
            "phase": phase,
            "startTime": born,
            "initContainerStatuses": inits,
            "containerStatuses": mains,
        },
    }


def ended(code: int, word: Object | str = "", reason: str = "") -> Object:
    text = word if isinstance(word, str) else json.dumps(word)
    about = {"exitCode": code, "message": text, "finishedAt": SOON}
    return {"state": {"terminated": {**about, "reason": reason} if reason else about}}


def before(end: Object) -> Object:
    """Return a container that ended like this and runs again."""
    return {"state": {"running": {"startedAt": LATER}}, "lastState": end["state"]}


def waits(reason: str, message: str = "") -> Object:
    said = {"message": message} if message else {}
    return {"state": {"waiting": {"reason": reason, **said}}}


def crashing(end: Object) -> Object:
    return {**waits("CrashLoopBackOff", "back-off 40s"), "lastState": end["state"]}


RUNS = {"state": {"running": {"startedAt": SOON}}, "started": True}
COMPLETE, FAILED = ("Complete", "CompletionsReached"), ("Failed", "BackoffLimitExceeded")
LATE = ("Failed", "DeadlineExceeded", "Job was active longer than specified deadline")
UNBOUND = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available"}
BOUND = {"type": "PodScheduled", "status": "True"}


def unscheduled(**told: Any) -> Object:
    made = pod(phase="Pending")
    made["status"]["conditions"] = [BOUND, {**UNBOUND, **told}]
    return made


def done(born: str = BORN, name: str = "p", **word: str) -> Object:
    return pod(name, "Succeeded", born, upload=ended(0, {**DONE, **word}), train=ended(0))


OTHER = {"digest": "sha256:" + "b" * 64}
SAYS: dict[str, tuple[Object, list[Object]]] = {
    "it is complete": (job(*COMPLETE), [done()]),
    "its success is certain": (job("SuccessCriteriaMet"), [done()]),
    "it ended twice": (job(*COMPLETE), [done(SOON, "q", **OTHER), done()]),
    "it ended beside a failed pod": (
        job(*COMPLETE),
        [pod("q", "Failed", LATER, upload=ended(0, {**DONE, **OTHER})), done()],
    ),
    "its upload failed": (job(*COMPLETE), [pod(phase="Succeeded", upload=ended(64, MISSING))]),
    "its upload broke": (job(*COMPLETE), [pod(phase="Succeeded", upload=ended(1, AWAY))]),
    "its pods are gone": (job(*COMPLETE), []),
    "it failed": (job(*FAILED), []),
    "it failed for a cause": (job(*FAILED, "Pod p failed"), []),
    "its failure is certain": (job("FailureTarget", "PodFailurePolicy"), []),
    "no model": (job(*FAILED), [pod(phase="Failed", upload=ended(64, MISSING), train=ended(0))]),
    "no model of a failed training": (
        job(*FAILED),
        [pod(phase="Failed", upload=ended(64, MISSING), train=ended(3, "a\nb: wrong"))],
    ),
    "the store was away": (job(*FAILED), [pod(phase="Failed", fetch=ended(75, AWAY))]),
    "the store was away at first": (
        job(*FAILED),
        [
            pod("q", "Failed", LATER, fetch=ended(0), train=ended(3)),
            pod(phase="Failed", fetch=ended(75, AWAY)),
        ],
    ),
    "no time was left": (job(*LATE), []),
    "no time was left by the store": (job(*LATE), [pod(phase="Failed", fetch=ended(75, AWAY))]),
    "a pod was stopped in time": (
        job(*FAILED),
        [pod(phase="Failed", train=ended(137, reason="DeadlineExceeded"))],
    ),
    "no memory for training": (
        job(*FAILED),
        [pod(phase="Failed", train=ended(137, reason="OOMKilled"))],
    ),
    "no memory for fetching": (
        job(*FAILED),
        [pod(phase="Failed", fetch=ended(137, reason="OOMKilled"))],
    ),
    "no memory without a limit": (
        job(*FAILED),
        [pod(phase="Failed", upload=ended(137, reason="OOMKilled"))],
    ),
    "nothing": ({"metadata": {"name": "j"}}, []),
    "no pod": (job(), []),
    "no pod yet": (job(startTime=None), []),
    "pods start": (job(), [pod()]),
    "the image is pulled": (job(), [pod(fetch=waits("PodInitializing"))]),
    "the second image is pulled": (
        job(),
        [pod(fetch=ended(0), upload=waits("PodInitializing"), train=waits("PodInitializing"))],
    ),
    "the last image is pulled": (
        job(),
        [pod(fetch=ended(0), upload=RUNS, train=waits("ContainerCreating"))],
    ),
    "the first step runs": (job(), [pod(fetch=RUNS, train=waits("PodInitializing"))]),
    "all run": (job(), [pod(fetch=ended(0), upload=RUNS, train=RUNS)]),
    "an image is missing": (job(), [pod(train=waits("ErrImagePull", "not found"))]),
    "an image is missing, wordlessly": (job(), [pod(train=waits("ErrImagePull"))]),
    "an image runs as root": (
        job(),
        [pod(train=waits("CreateContainerConfigError", "image will run as root"))],
    ),
    "a Secret is missing": (
        job(),
        [pod(train=waits("CreateContainerConfigError", 'secret "raw" not found'))],
    ),
    "a step crashes": (job(), [pod(upload=crashing(ended(75, AWAY)))]),
    "a step tries again": (job(), [pod(upload=before(ended(75, AWAY)))]),
    "a step tried in vain": (job(), [pod(upload=before(ended(64, MISSING)))]),
    "a pod has no node": (job(), [unscheduled()]),
    "a pod has no node, wordlessly": (job(), [unscheduled(message="")]),
    "a newer pod has no image": (
        job(),
        [
            pod("q", born=LATER, fetch=waits("ErrImagePull", "not found")),
            pod(fetch=waits("InvalidImageName", "bad")),
        ],
    ),
}

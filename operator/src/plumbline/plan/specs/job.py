"""Jobs: created once, never changed, and without retries of failures that would repeat."""

from collections.abc import Iterable, Mapping
from typing import Any

from plumbline.api import names
from plumbline.api.objects import Manifest
from plumbline.api.resources import JOB
from plumbline.contract.last_words import TEMPORARY, USER_ERROR

QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
QUEUE_LABELS = (QUEUE_LABEL, "kueue.x-k8s.io/priority-class")
DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
# The exit code of a container that used more memory than its limit; the next pod would do the same.
# A node that is drained kills with the same code, but those pods have condition DisruptionTarget.
SIGKILL_CODE = 137


def job(
    metadata: Mapping[str, Any],
    pod: Manifest,
    *,
    default_container: str,
    generation: int,
    backoff_limit: int,
    retryable: Iterable[str] = (),
    deadline_seconds: int | None = None,
    queue: Mapping[str, str] | None = None,
) -> Manifest:
    """Return a Job.

    Args:
        metadata: its metadata; the pods get the same labels and annotations.
        pod: its pod spec.
        default_container: the container whose log `kubectl logs` shows.
        generation: generation of its owner at its creation.
        backoff_limit: how often a failed pod is replaced.
        retryable: containers whose temporary failures do not count against the limit.
        deadline_seconds: how long the Job may take.
        queue: labels that hand the Job to a queue, which then decides when it starts.
    """
    deadline = {} if deadline_seconds is None else {"activeDeadlineSeconds": deadline_seconds}
    more = {
        DEFAULT_CONTAINER: default_container,
        names.LOG_ANNOTATION: _log_fields(metadata, generation),
    }
    annotations = {**metadata.get("annotations", {}), **more}
    template = {
        "metadata": {"labels": metadata["labels"], "annotations": annotations},
        "spec": {**pod, "restartPolicy": "Never"},
    }
    return {
        "apiVersion": JOB.api_version,
        "kind": JOB.kind,
        "metadata": {**metadata, "labels": {**metadata["labels"], **(queue or {})}},
        "spec": {
            # The queue starts the Job when it admits it.
            **({"suspend": True} if queue else {}),
            "backoffLimit": backoff_limit,
            **deadline,
            "podFailurePolicy": {"rules": list(failure_rules(retryable))},
            "template": template,
        },
    }


def _log_fields(metadata: Mapping[str, Any], generation: int) -> str:
    """Return the fields for the log lines of its pods, which name the object that owns the Job."""
    owner = metadata["ownerReferences"][0]
    about = {"kind": owner["kind"], "namespace": metadata["namespace"], "name": owner["name"]}
    pairs = {**about, "generation": generation}.items()
    return ",".join(f"{key}={value}" for key, value in pairs)


def failure_rules(retryable: Iterable[str] = ()) -> Iterable[Manifest]:
    """Yield the rules: disruptions do not count, user errors and lack of memory end the Job."""
    # The first rule that matches counts, so the disruptions come before the exit codes.
    yield {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    for name in retryable:
        codes = {"containerName": name, "operator": "In", "values": [TEMPORARY]}
        yield {"action": "Ignore", "onExitCodes": codes}
    yield {
        "action": "FailJob",
        "onExitCodes": {"operator": "In", "values": [USER_ERROR, SIGKILL_CODE]},
    }


def queue_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels that put the Job into a queue, if there are any."""
    if QUEUE_LABEL not in labels:
        return {}
    return {name: labels[name] for name in QUEUE_LABELS if name in labels}

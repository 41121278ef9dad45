"""Who must look again when an object changes: children wake their owner, inputs their users.

Kinds meet through status fields only, so these edges are all that ties them together.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from plumbline.api import names
from plumbline.api.objects import Key, Resource
from plumbline.api.resources import (
    BY_KIND,
    DATASET,
    DRIFT_MONITOR,
    MODEL_DEPLOYMENT,
    OURS,
    POD,
    TRAINING_RUN,
    TRAINING_TEMPLATE,
)
from plumbline.engine.cache import Cache

Object = Mapping[str, Any]


def key_of(resource: Resource, obj: Object) -> Key:
    """Return the key of an object."""
    metadata = obj["metadata"]
    return Key(resource, metadata.get("namespace", ""), metadata["name"])


def woken_by(key: Key, obj: Object, cache: Cache) -> list[Key]:
    """Return the objects of our kinds that must look again because this one changed."""
    if key.resource == POD:
        return _woken_by_pod(key, obj, cache)
    woken = [key] if key.resource in OURS else []
    return woken + _owner(key, obj) + list(_users(key, obj, cache))


def _woken_by_pod(key: Key, obj: Object, cache: Cache) -> list[Key]:
    """A serving pod wakes its ModelDeployment; a Job's pod wakes whoever owns the Job."""
    if name := obj["metadata"].get("labels", {}).get(names.DEPLOYMENT_LABEL):
        return [Key(MODEL_DEPLOYMENT, key.namespace, name)]
    for reference in obj["metadata"].get("ownerReferences", ()):
        resource = BY_KIND.get((reference["apiVersion"], reference["kind"]))
        job = resource and cache.get(Key(resource, key.namespace, reference["name"]))
        if job:
            return _owner(key, job)
    return []


def _owner(key: Key, obj: Object) -> list[Key]:
    """Return the controlling owner, if it is one of ours."""
    for reference in obj["metadata"].get("ownerReferences", ()):
        resource = BY_KIND.get((reference["apiVersion"], reference["kind"]))
        if reference.get("controller") and resource in OURS:
            return [Key(resource, key.namespace, reference["name"])]
    return []


def _users(key: Key, obj: Object, cache: Cache) -> Iterable[Key]:
    """Yield the objects that look at this one."""
    match key.resource:
        case r if r == DATASET:
            yield from _all(TRAINING_TEMPLATE, key.namespace, cache)
            yield from _unfinished_runs(key.namespace, cache)
            yield from _all(DRIFT_MONITOR, key.namespace, cache)
        case r if r == TRAINING_TEMPLATE:
            yield from _unfinished_runs(key.namespace, cache)
            yield from _all(DRIFT_MONITOR, key.namespace, cache)
        case r if r == TRAINING_RUN:
            yield from _candidate_of(key, obj, cache)
            if monitor := obj["metadata"].get("labels", {}).get(names.MONITOR_LABEL):
                yield Key(DRIFT_MONITOR, key.namespace, monitor)
        case r if r == MODEL_DEPLOYMENT:
            yield from _all(DRIFT_MONITOR, key.namespace, cache)
            yield from _unfinished_runs(key.namespace, cache)
        case r if r == DRIFT_MONITOR:
            if dataset := obj.get("status", {}).get("refreshDataset"):
                yield Key(DATASET, key.namespace, dataset)


def _all(resource: Resource, namespace: str, cache: Cache) -> Iterable[Key]:
    return (key_of(resource, obj) for obj in cache.list(resource, namespace))


def _candidate_of(run: Key, obj: Object, cache: Cache) -> Iterable[Key]:
    """Yield the deployments that might serve this run's model, or do."""
    labels = obj["metadata"].get("labels", {}).items()
    for deployment in cache.list(MODEL_DEPLOYMENT, run.namespace):
        choice, status = deployment["spec"]["model"], deployment.get("status", {})
        wanted = choice.get("selector", {}).get("matchLabels", {}).items()
        named = [choice.get("runRef", {}).get("name")]
        named += [status[arm].get("run") for arm in ("stable", "canary") if status.get(arm)]
        if run.name in named or (wanted and wanted <= labels):
            yield key_of(MODEL_DEPLOYMENT, deployment)


def _unfinished_runs(namespace: str, cache: Cache) -> Iterable[Key]:
    for run in cache.list(TRAINING_RUN, namespace):
        if not run.get("status", {}).get("completionTime"):
            yield key_of(TRAINING_RUN, run)

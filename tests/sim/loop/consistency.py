"""Refuses worlds that cannot be: a test that is in one shows nothing."""

from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.api import names
from plumbline.api.objects import Key
from plumbline.api.resources import DEPLOYMENT, JOB, POD
from plumbline.api.v1alpha1.dataset import DATASET
from plumbline.api.v1alpha1.drift_monitor import DRIFT_MONITOR
from plumbline.api.v1alpha1.model_deployment import MODEL_DEPLOYMENT
from plumbline.api.v1alpha1.training_run import TRAINING_RUN
from plumbline.plan.registry import KINDS, OURS

from tests.sim.loop.archive import Archive
from tests.sim.loop.cluster import Cluster, controllers

Object = Mapping[str, Any]
MODELS = {kind.resource: kind.model for kind in KINDS}


class Impossible(AssertionError):
    """What is in the world can be in no cluster."""


class Consistency:
    """Looks at every object of a world, and remembers what may only grow."""

    def __init__(self, archive: Archive, cluster: Cluster) -> None:
        self._archive, self._cluster = archive, cluster
        self._revisions: dict[str, int] = {}
        self._rows: dict[tuple[str, int], str] = {}
        self._checked: dict[Key, str] = {}

    def check(self, objects: Mapping[Key, Object]) -> None:
        """Look at what has changed since the last time.

        Raises:
            Impossible: it cannot be.
        """
        uids = {obj["metadata"]["uid"] for obj in objects.values()}
        for key, obj in objects.items():
            version = obj["metadata"]["resourceVersion"]
            if self._checked.get(key) == version and key.resource not in (JOB, POD):
                continue
            self._checked[key] = version
            for wrong in self._wrong(key, obj, objects, uids):
                raise Impossible(f"{key.resource.kind} {key.name}: {wrong}: {dict(obj)}")

    def _wrong(
        self, key: Key, obj: Object, objects: Mapping[Key, Object], uids: set[str]
    ) -> Iterator[str]:
        yield from _of_any(obj)
        if key.resource in OURS:
            yield from _of_ours(key, obj)
        if key.resource == POD:
            yield from (
                f"its owner {each['name']} does not exist"
                for each in controllers(obj)
                if each["uid"] not in uids
            )
        if key.resource == DEPLOYMENT:
            yield from self._of_deployment(obj)
        if key.resource == DATASET:
            yield from self._of_dataset(obj)
        if key.resource == TRAINING_RUN:
            yield from self._of_run(obj)
        if key.resource == MODEL_DEPLOYMENT:
            yield from _of_serving(obj)
        if key.resource == DRIFT_MONITOR:
            yield from _of_monitor(obj, objects)

    def _of_deployment(self, obj: Object) -> Iterator[str]:
        status = obj.get("status", {})
        if status.get("readyReplicas", 0) > status.get("replicas", 0):
            yield "more pods are ready than were made"
        if status.get("replicas", 0) > obj["spec"]["replicas"] + 1:
            yield "more pods were made than it may have"

    def _of_dataset(self, obj: Object) -> Iterator[str]:
        uid, status = obj["metadata"]["uid"], obj.get("status", {})
        revision = status.get("revision") or 0
        if revision < self._revisions.get(uid, 0):
            yield f"revision {self._revisions[uid]} has become {revision}"
        self._revisions[uid] = revision
        for each in status.get("history", ()):
            if self._rows.setdefault((uid, each["revision"]), each["digest"]) != each["digest"]:
                yield f"revision {each['revision']} has other rows than before"
        numbers = [each["revision"] for each in status.get("history", ())]
        if (
            numbers != sorted(set(numbers), reverse=True)
            or numbers[:1] != [revision][: len(numbers)]
        ):
            yield f"its history is {numbers} and its revision {revision}"

    def _of_run(self, obj: Object) -> Iterator[str]:
        status = obj.get("status", {})
        if status.get("verdict") and not status.get("completionTime"):
            yield "it has a verdict and has not ended"
        if status.get("verdict") and status["model"]["manifest"] not in self._archive.manifests:
            yield "it has a verdict and no manifest in the store"
        if status.get("training") and status["training"] not in self._archive.manifests:
            yield "it is trained and no manifest is in the store"


def _of_any(obj: Object) -> Iterator[str]:
    if len(list(controllers(obj))) > 1:
        yield "two controllers"
    seen = obj.get("status", {}).get("observedGeneration", 0)
    if seen > obj["metadata"].get("generation", seen):
        yield f"its status is of generation {seen}"


def _of_ours(key: Key, obj: Object) -> Iterator[str]:
    try:
        MODELS[key.resource].model_validate(obj)
    except ValueError as error:
        yield f"it cannot be read: {error}"
    told = [each["type"] for each in obj.get("status", {}).get("conditions", ())]
    if len(set(told)) != len(told):
        yield f"a condition stands twice: {told}"
    if told and "Ready" not in told:
        yield f"it does not say whether it is ready: {told}"
    if {"Reconciling", "Stalled"} <= set(told):
        yield "it is both under way and stalled"


def _of_serving(obj: Object) -> Iterator[str]:
    status = obj.get("status", {})
    canary, stable = status.get("canary"), status.get("stable")
    if canary and canary.get("weight") and not stable:
        yield "a canary has a share of the requests that nothing else answers"
    if canary and status.get("retiring"):
        yield "a canary begins while pods that served before drain"
    if canary and stable and canary["identity"] == stable["identity"]:
        yield "the canary is what serves"
    retry = obj["metadata"].get("annotations", {}).get(names.RETRY_ANNOTATION, "")
    standing = {r["identity"] for r in status.get("rejected", ()) if r.get("retry", "") == retry}
    if canary and canary["identity"] in standing:
        yield "a canary that was rejected"


def _of_monitor(obj: Object, objects: Mapping[Key, Object]) -> Iterator[str]:
    about, status = obj["metadata"], obj.get("status", {})
    episode = status.get("episode") or {}
    ids = [each["id"] for each in status.get("history", ())]
    if len(set(ids)) != len(ids) or episode.get("id") in ids:
        yield f"an episode's name was given twice: {ids}, {episode.get('id')}"
    run = objects.get(Key(TRAINING_RUN, about["namespace"], episode.get("run") or ""))
    labels = run["metadata"].get("labels", {}) if run else {}
    if run and labels.get(names.EPISODE_LABEL) != episode["id"]:
        yield f"its episode {episode['id']} names a run of {labels.get(names.EPISODE_LABEL)}"

"""Who looks again when something changes: no row may be waited for in vain."""

from typing import Any

import pytest
from plumbline.api import names
from plumbline.api.objects import Key, Resource
from plumbline.api.resources import CONFIG_MAP, DEPLOYMENT, JOB, POD, SERVICE
from plumbline.api.v1alpha1.dataset import DATASET
from plumbline.api.v1alpha1.drift_monitor import DRIFT_MONITOR
from plumbline.api.v1alpha1.model_deployment import MODEL_DEPLOYMENT
from plumbline.api.v1alpha1.training_run import TRAINING_RUN
from plumbline.api.v1alpha1.training_template import TRAINING_TEMPLATE
from plumbline.engine.cache import Cache
from plumbline.plan.registry import KINDS
from plumbline.shell.object_reader import ObjectReader
from plumbline.shell.wakes import Wakes

from tests.chart.objects import SPECS

Object = dict[str, Any]
RETRAIN = {"response": {"mode": "Retrain", "templateRef": {"name": "template"}}}
CHAMPION = {"gates": {"champion": {"deploymentRef": {"name": "model"}, "metric": "auc"}}}


def key(resource: Resource, name: str, namespace: str = "team") -> Key:
    return Key(resource, namespace, name)


def made(of: Key, *, owner: Key | None = None, labels: Any = None, **parts: Any) -> Object:
    metadata: Object = {"name": of.name, "namespace": of.namespace, "uid": f"{of.name}-uid"}
    if owner:
        kind = {"apiVersion": owner.resource.api_version, "kind": owner.resource.kind}
        reference = {**kind, "name": owner.name, "uid": f"{owner.name}-uid", "controller": True}
        metadata["ownerReferences"] = [reference]
    metadata |= {"labels": labels or {}, "resourceVersion": "1"}
    return {"metadata": metadata, **parts}


def ours(of: Key, *, labels: Any = None, status: Any = None, **spec: Any) -> Object:
    parts = {"spec": {**SPECS[of.resource.kind], **spec}, "status": status or {}}
    return made(of, labels=labels, **parts)


DATA, TEMPLATE = key(DATASET, "data"), key(TRAINING_TEMPLATE, "template")
RUN, ENDED = key(TRAINING_RUN, "run"), key(TRAINING_RUN, "ended")
MODEL, MONITOR = key(MODEL_DEPLOYMENT, "model"), key(DRIFT_MONITOR, "monitor")
CHOSEN, TRAIN = key(MODEL_DEPLOYMENT, "chosen"), key(JOB, "run-train")
FINISHED = {"completionTime": "2026-01-01T00:00:00Z"}
WORLD: dict[Key, Object] = {
    DATA: ours(DATA),
    TEMPLATE: ours(TEMPLATE, **CHAMPION),
    RUN: ours(RUN, datasetRef=None, templateRef={"name": "template"}),
    ENDED: ours(ENDED, status=FINISHED, templateRef={"name": "template"}),
    MODEL: ours(MODEL),
    CHOSEN: ours(CHOSEN, model={"selector": {"matchLabels": {"use": "late"}}}),
    MONITOR: ours(MONITOR, **RETRAIN),
    TRAIN: made(TRAIN, owner=RUN),
    key(DATASET, "other"): ours(key(DATASET, "other")),
    key(TRAINING_RUN, "else"): ours(key(TRAINING_RUN, "else"), datasetRef={"name": "other"}),
    key(DRIFT_MONITOR, "m2"): ours(key(DRIFT_MONITOR, "m2"), deploymentRef={"name": "m"}),
    key(TRAINING_RUN, "run", "far"): ours(key(TRAINING_RUN, "run", "far")),
}


def woken(changed: Key, old: Object | None, new: Object | None) -> set[Key]:
    cache = Cache()
    for each, obj in WORLD.items():
        cache.observe(each, obj)
    return set(
        filter(None, Wakes(KINDS, cache, ObjectReader(cache, KINDS)).candidates(changed, old, new))
    )


POD_OF_JOB, SERVER = key(POD, "run-train-x"), key(POD, "model-1-x")
SERVING = made(SERVER, owner=key(DEPLOYMENT, "m"), labels={names.DEPLOYMENT_LABEL: "model"})
ASKING = ours(MONITOR, status={"refreshDataset": "data", "refresh": "monitor-1@5"}, **RETRAIN)


@pytest.mark.parametrize(
    ("changed", "old", "new", "expected"),
    [
        pytest.param(
            *(DATA, None, ours(DATA), {DATA, TEMPLATE, RUN, MONITOR}),
            id="data that comes wakes those who train on it, by a template too, and no ended run",
        ),
        pytest.param(
            *(DATA, ours(DATA), None, {DATA, TEMPLATE, RUN, MONITOR}),
            id="data that goes wakes the same",
        ),
        pytest.param(
            *(TEMPLATE, None, ours(TEMPLATE), {TEMPLATE, RUN, MONITOR}),
            id="a template wakes its unfinished runs and the monitors that train by it",
        ),
        pytest.param(
            *(RUN, None, ours(RUN), {RUN, MODEL}),
            id="a run wakes the deployment that names it",
        ),
        pytest.param(
            *(ENDED, None, ours(ENDED, labels={"use": "late"}), {ENDED, CHOSEN}),
            id="a run wakes the deployment whose selector it matches",
        ),
        pytest.param(
            *(ENDED, ours(ENDED, labels={"use": "late"}), ours(ENDED), {ENDED, CHOSEN}),
            id="a run that lost its label wakes the deployment that had chosen it",
        ),
        pytest.param(
            *(RUN, None, ours(RUN, labels={names.MONITOR_LABEL: "monitor"})),
            {RUN, MODEL, MONITOR},
            id="a run wakes the monitor that made it",
        ),
        pytest.param(
            *(MODEL, None, ours(MODEL), {MODEL, MONITOR, RUN}),
            id="a deployment wakes its monitors and the runs it is the champion of",
        ),
        pytest.param(
            *(MONITOR, ours(MONITOR), ASKING, {MONITOR, DATA}),
            id="a monitor that asks for rows wakes the Dataset",
        ),
        pytest.param(
            *(MONITOR, ASKING, ours(MONITOR), {MONITOR, DATA}),
            id="a monitor that asks no more wakes the Dataset too",
        ),
        pytest.param(*(TRAIN, None, WORLD[TRAIN], {RUN}), id="a Job wakes its run"),
        pytest.param(
            *(key(JOB, "data-profile"), None, made(key(JOB, "data-profile"), owner=DATA), {DATA}),
            id="a Job wakes its Dataset",
        ),
        pytest.param(
            *(key(CONFIG_MAP, "run-spec"), made(key(CONFIG_MAP, "run-spec"), owner=RUN), None),
            {RUN},
            id="a ConfigMap that goes wakes its run",
        ),
        pytest.param(
            *(key(SERVICE, "model"), made(key(SERVICE, "model"), owner=MODEL), None, {MODEL}),
            id="a Service that goes wakes its deployment",
        ),
        pytest.param(
            *(POD_OF_JOB, None, made(POD_OF_JOB, owner=TRAIN), {RUN}),
            id="the pod of a Job wakes whoever owns the Job",
        ),
        pytest.param(*(SERVER, None, SERVING, {MODEL}), id="a serving pod wakes its deployment"),
        pytest.param(
            *(key(POD, "x"), None, made(key(POD, "x")), set()),
            id="a pod of somebody else wakes nobody",
        ),
    ],
)
def test_whoever_waits_for_it_looks_again(
    changed: Key, old: Object | None, new: Object | None, expected: set[Key]
) -> None:
    assert woken(changed, old, new) == expected


def test_a_reader_that_cannot_be_read_looks_itself_and_keeps_no_other_from_looking() -> None:
    cache, odd = Cache(), key(TRAINING_RUN, "odd")
    for each, obj in WORLD.items():
        cache.observe(each, obj)
    cache.observe(odd, made(odd, spec={"seed": "no number"}))
    found = Wakes(KINDS, cache, ObjectReader(cache, KINDS)).candidates(DATA, None, ours(DATA))
    assert {odd, RUN, TEMPLATE} <= set(found)

"""What the API server refuses, and that it says why."""

import copy
from typing import Any

import pytest

from tests.chart.kubectl import Refused, apply, ensure_admission, ensure_crds, namespace
from tests.chart.objects import SPECS, make

pytestmark = pytest.mark.cluster
IMMUTABLE = "only suspend, activeDeadlineSeconds and ttlSecondsAfterFinished"


@pytest.fixture(scope="module", autouse=True)
def _crds() -> None:
    ensure_crds()
    ensure_admission()


@pytest.fixture(scope="module", name="ns")
def _ns():
    with namespace("cel") as name:
        yield name


def changed(kind: str, path: str, value: Any) -> dict[str, Any]:
    """Return a valid spec with one field set, or left out when the value is None."""
    spec = copy.deepcopy(SPECS[kind])
    node, names = spec, path.split(".")
    for name in names[:-1]:
        node = node.setdefault(name, {})
    node[names[-1]] = value
    if value is None:
        del node[names[-1]]
    return spec


COLUMN = {"name": "x", "type": "number"}
TARGET = {"name": "y", "type": "boolean"}
REFUSED = {
    "a source of two kinds": (
        "Dataset",
        ("source.configMap", {"name": "a", "key": "b"}),
        "exactly one of uri and configMap must be set",
    ),
    "a source of no kind": (
        "Dataset",
        ("source", {}),
        "exactly one of uri and configMap must be set",
    ),
    "credentials for a ConfigMap": (
        "Dataset",
        ("source", {"configMap": {"name": "a", "key": "b"}, "secretRef": {"name": "c"}}),
        "secretRef needs uri",
    ),
    "a key that leads out of its ConfigMap": (
        "Dataset",
        ("source", {"configMap": {"name": "a", "key": "../proc/self/environ"}}),
        "spec.source.configMap.key in body should match",
    ),
    "an address with a space of another alphabet": (
        "Dataset",
        ("source.uri", "s3://bucket/a\u00a0b.csv"),
        "spec.source.uri in body should match",
    ),
    "an address of an unknown kind": (
        "Dataset",
        ("source.uri", "ftp://host/file"),
        "spec.source.uri in body should match",
    ),
    "a column of an unknown type": (
        "Dataset",
        ("schema.columns", [{"name": "x", "type": "float"}, TARGET]),
        'Unsupported value: "float": supported values: "integer", "number", "string"',
    ),
    "two columns of one name": (
        "Dataset",
        ("schema.columns", [COLUMN, COLUMN, TARGET]),
        "duplicate entries for key",
    ),
    "no column": ("Dataset", ("schema.columns", []), "should have at least 1 items"),
    "a target that is no column": (
        "Dataset",
        ("question.target", "z"),
        "question.target must be a column of the schema",
    ),
    "a time that is no column": (
        "Dataset",
        ("schema.timeColumn", "z"),
        "schema.timeColumn must be a column of the schema",
    ),
    "a key that is no column": (
        "Dataset",
        ("schema.primaryKey", ["x", "z"]),
        "every name in primaryKey must be a column of the schema",
    ),
    "a number for texts only": (
        "Dataset",
        ("schema.columns", [{**COLUMN, "pattern": "a.*"}, TARGET]),
        "values and pattern are for columns of type string",
    ),
    "a text with a smallest value": (
        "Dataset",
        ("schema.columns", [{"name": "x", "type": "string", "min": 0}, TARGET]),
        "min and max are for columns of type integer and number",
    ),
    "a range without values": (
        "Dataset",
        ("schema.columns", [{**COLUMN, "min": 1, "max": 0.5}, TARGET]),
        "min must not be above max",
    ),
    "groups of a column that is none": (
        "Dataset",
        ("question.holdout", {"by": "Group", "column": "z"}),
        "question.holdout.column must be a column of the schema",
    ),
    "the newest rows of rows without a time": (
        "Dataset",
        ("question.holdout", {"by": "Time"}),
        "by: Time needs schema.timeColumn or question.holdout.column",
    ),
    "groups without their column": (
        "Dataset",
        ("question.holdout", {"by": "Group"}),
        "holdout.by: Group needs holdout.column",
    ),
    "a misspelt field": ("Dataset", ("expectations", {"minRow": 3}), "minRow"),
    "two trainers": (
        "TrainingRun",
        ("trainer.container", {"image": "mine"}),
        "exactly one of estimator and container must be set",
    ),
    "an import path with a space": (
        "TrainingRun",
        ("trainer.estimator.import", "os system"),
        "spec.trainer.estimator.import in body should match",
    ),
    "more parameters than anybody reads": (
        "TrainingRun",
        ("trainer.estimator.params", {f"a{i}": i for i in range(65)}),
        "must have at most 64 items",
    ),
    "a run without data": (
        "TrainingRun",
        ("datasetRef", None),
        "datasetRef is required without templateRef",
    ),
    "a run without a trainer": (
        "TrainingRun",
        ("trainer", None),
        "trainer is required without templateRef",
    ),
    "a negative amount": ("TrainingTemplate", ("resources", {"cpu": -1}), "resources.cpu"),
    "an amount that is none": (
        "TrainingTemplate",
        ("resources", {"memory": "1GB"}),
        "resources.memory",
    ),
    "a template without data": ("TrainingTemplate", ("datasetRef", None), "datasetRef is required"),
    "a template without a trainer": ("TrainingTemplate", ("trainer", None), "trainer is required"),
    "a time beyond all clocks": (
        "DriftMonitor",
        ("response", {"cooldownSeconds": 10**12}),
        "should be less than or equal to 2147483647",
    ),
    "a bar without a height": (
        "TrainingTemplate",
        ("gates", {"metrics": [{"metric": "auc"}]}),
        "set min or max",
    ),
    "a bar that nothing clears": (
        "ModelDeployment",
        ("accept", {"gates": [{"metric": "auc", "min": 0.8, "max": 0.7}]}),
        "min must not be above max",
    ),
    "an image with a line end": (
        "ModelDeployment",
        ("server", {"image": "registry/server:1\n"}),
        "spec.server.image in body should match",
    ),
    "a variable without a name of one": (
        "TrainingTemplate",
        ("podTemplate", {"env": [{"name": "A=B", "value": "1"}]}),
        "spec.podTemplate.env[0].name in body should match",
    ),
    "a variable with two values": (
        "TrainingTemplate",
        (
            "podTemplate",
            {
                "env": [
                    {
                        "name": "A",
                        "value": "1",
                        "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}},
                    }
                ]
            },
        ),
        "value and valueFrom cannot be set together",
    ),
    "two models": (
        "ModelDeployment",
        ("model.selector", {"matchLabels": {"a": "b"}}),
        "exactly one of runRef and selector must be set",
    ),
    "no model": (
        "ModelDeployment",
        ("model", {}),
        "exactly one of runRef and selector must be set",
    ),
    "a weight above all": (
        "ModelDeployment",
        ("rollout.steps", [{"weight": 101}]),
        "should be less than or equal to 100",
    ),
    "a weight that falls": (
        "ModelDeployment",
        ("rollout.steps", [{"weight": 50}, {"weight": 10}]),
        "a step must not have a smaller weight than the step before it",
    ),
    "a first step that gives the stable model no requests": (
        "ModelDeployment",
        ("rollout.steps", [{"weight": 100}]),
        "the first step must have a weight below 100",
    ),
    "a retraining without a template": (
        "DriftMonitor",
        ("response", {"mode": "Retrain"}),
        "response.mode: Retrain needs response.templateRef",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_is_refused_with_its_reason(case, ns):
    kind, (path, value), message = REFUSED[case]
    spec = changed(kind, path, value)
    with pytest.raises(Refused) as refusal:
        apply(make(kind, ns, "refused") | {"spec": spec})
    assert message in str(refusal.value)


@pytest.mark.parametrize("kind", sorted(SPECS))
def test_a_name_leaves_room_for_the_names_of_children(kind, ns):
    apply(make(kind, ns, "n" * 40))
    with pytest.raises(Refused, match=r"metadata\.name must be at most 40 characters"):
        apply(make(kind, ns, "n" * 41))


@pytest.mark.parametrize("kind", sorted(SPECS))
def test_a_name_is_one_that_others_can_refer_to(kind, ns):
    with pytest.raises(Refused, match=r"metadata\.name must not contain a dot"):
        apply(make(kind, ns, "v1.2"))


def test_a_deployment_has_a_name_that_a_service_can_have(ns):
    with pytest.raises(Refused, match=r"metadata\.name must begin with a letter"):
        apply(make("ModelDeployment", ns, "2013-flights"))


@pytest.mark.parametrize(
    "holdout", [{}, {"share": 0.3}, {"by": "Row"}, {"by": "Group", "column": "x"}]
)
def test_a_holdout_may_leave_out_how(holdout, ns):
    spec = changed("Dataset", "question.holdout", holdout)
    apply(make("Dataset", ns, "holdout") | {"spec": spec})


@pytest.mark.parametrize("weights", [[], [99], [10, 10, 100], [1, 2, 3, 100, 100]])
def test_weights_may_stay_and_grow_up_to_all_requests(weights, ns):
    steps = [{"weight": weight} for weight in weights]
    apply(
        make("ModelDeployment", ns, "weights")
        | {"spec": changed("ModelDeployment", "rollout", {"steps": steps})}
    )


@pytest.mark.parametrize("cpu", [2, "2", "500m", "0.5"])
def test_an_amount_is_written_as_in_a_pod(cpu, ns):
    stored = apply(make("TrainingTemplate", ns, "amount", resources={"cpu": cpu}))
    assert stored["spec"]["resources"]["cpu"] == cpu


@pytest.mark.parametrize("value", [0.06, 3, "text", True, None, [64, 32], {"late": 2.5}])
def test_a_parameter_is_written_as_in_python(value, ns):
    estimator = {"import": "sklearn.svm.SVC", "params": {"C": value}}
    stored = apply(make("TrainingTemplate", ns, "written", trainer={"estimator": estimator}))
    assert stored["spec"]["trainer"]["estimator"]["params"] == {"C": value}


CHANGES = {
    "another seed": ("seed", 8),
    "an optional field disappears": ("seed", None),
    "an optional field appears": ("features", ["x"]),
    "an optional object appears": ("gates", {"metrics": [{"metric": "auc", "min": 0.6}]}),
    "a default is set by hand": ("backoffLimit", 1),
    "a parameter has another value": ("trainer.estimator.params", {"max_iter": 101, "C": "0.5"}),
    "a parameter has another name": ("trainer.estimator.params", {"maximum": 100, "C": "0.5"}),
    "a parameter has another type": ("trainer.estimator.params", {"max_iter": "100", "C": "0.5"}),
    "a parameter is not null any more": ("trainer.estimator.params", {"max_iter": 100}),
    "parameters disappear": ("trainer.estimator.params", None),
    "a template joins in": ("templateRef", {"name": "other"}),
    "another data set": ("datasetRef", {"name": "other"}),
    "a variable has another value": ("podTemplate", {"env": [{"name": "A", "value": "2"}]}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_run_cannot_change_into_another(change, ns):
    path, value = CHANGES[change]
    name = f"run-{[*CHANGES].index(change)}"
    first = {"podTemplate": {"env": [{"name": "A", "value": "1"}]}} if path == "podTemplate" else {}
    apply(make("TrainingRun", ns, name, **first))
    spec = changed("TrainingRun", path, value)
    with pytest.raises(Refused, match=IMMUTABLE):
        apply(make("TrainingRun", ns, name) | {"spec": spec})


def test_a_variable_of_a_run_cannot_come_from_elsewhere(ns):
    apply(make("TrainingRun", ns, "moved", podTemplate={"env": [{"name": "A", "value": "1"}]}))
    moved = [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    with pytest.raises(Refused, match=IMMUTABLE):
        apply(make("TrainingRun", ns, "moved", podTemplate={"env": moved}))


@pytest.mark.parametrize(
    ("field", "value"),
    [("suspend", True), ("activeDeadlineSeconds", 60), ("ttlSecondsAfterFinished", 0)],
)
def test_a_run_can_be_held_and_limited(field, value, ns):
    apply(make("TrainingRun", ns, "held"))
    assert apply(make("TrainingRun", ns, "held", **{field: value}))["spec"][field] == value

"""Objects that are valid by default; each argument changes what a test is about."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from plumbline.api.meta import GROUP, VERSION
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.common.settings import Settings

Object = dict[str, Any]
API_VERSION = f"{GROUP}/{VERSION}"
NAMESPACE = "team"
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def digest(word: str) -> str:
    """Return a digest that is recognisable by its first letter's code."""
    return "sha256:" + (word.encode().hex() * 64)[:64]


def settings(**changed: Any) -> Settings:
    """Return settings with credentials in the tests' namespace."""
    given: dict[str, Any] = {
        "trainer_image": "registry.example/plumbline/trainer:1",
        "server_image": "registry.example/plumbline/server:1",
        "store_environment": {"AWS_REGION": "us-east-1"},
        "namespaces": frozenset({NAMESPACE}),
    }
    return Settings(**{**given, **changed})


def manifest(kind: str, name: str, spec: Mapping[str, Any], **metadata: Any) -> Object:
    """Return one of our objects as a user applies it."""
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE, **metadata},
        "spec": dict(spec),
    }


def dataset(
    name: str = "flights", *, metadata: Mapping[str, Any] | None = None, **spec: Any
) -> Object:
    """Return a Dataset of three columns that asks whether a flight is late."""
    given = {
        "source": {"uri": "s3://raw/*.csv"},
        "format": "csv",
        "schema": {
            "columns": [
                {"name": "temp", "type": "number", "min": -60, "max": 130},
                {"name": "carrier", "type": "string"},
                {"name": "late", "type": "boolean"},
            ]
        },
        "question": {"task": "Classification", "target": "late"},
    }
    return manifest("Dataset", name, {**given, **spec}, **(metadata or {}))


def template(name: str = "flights", **spec: Any) -> Object:
    """Return a TrainingTemplate with an estimator and one gate."""
    given = {
        "datasetRef": {"name": "flights"},
        "trainer": {"estimator": {"import": "sklearn.linear_model.LogisticRegression"}},
        "gates": {"metrics": [{"metric": "auc", "min": 0.6}]},
    }
    return manifest("TrainingTemplate", name, {**given, **spec})


def run(name: str = "first", *, metadata: Mapping[str, Any] | None = None, **spec: Any) -> Object:
    """Return a TrainingRun of the template."""
    given = {"templateRef": {"name": "flights"}}
    return manifest("TrainingRun", name, {**given, **spec}, **(metadata or {}))


def deployment(name: str = "flights", *, stable: str | None = None, **spec: Any) -> Object:
    """Return a ModelDeployment that serves the model of this word, or none yet."""
    given = {"model": {"selector": {"matchLabels": {"plumbline.dev/template": "flights"}}}}
    made = manifest("ModelDeployment", name, {**given, **spec})
    if stable:
        made["status"] = {
            "observedGeneration": 1,
            "stable": {
                "identity": "abc",
                "model": digest(stable),
                "manifest": digest(stable + stable),
                "run": f"run-{stable}",
                "image": "server:1",
            },
        }
    return made


def active(reason: str = "", message: str = "") -> JobOutcome:
    """Return a Job that may still end well."""
    return JobOutcome(state="Active", reason=reason, message=message)


def failed(reason: str, message: str = "Line 4 cannot be read") -> JobOutcome:
    """Return a Job that has failed."""
    return JobOutcome(state="Failed", reason=reason, message=message)


def profiled(uid: str, word: str = "a", *, rows: int = 100) -> JobOutcome:
    """Return a profile Job that found good rows; the same word stands for the same rows."""
    record = {
        "kind": "Dataset",
        "dataset": {"name": "flights", "uid": uid},
        "verdict": "Valid",
        "digest": digest(word),
        "rows": rows,
        "bytes": 10 * rows,
        "violations": [],
    }
    return JobOutcome(state="Succeeded", manifest=digest("m" + word), record=record)


def broken(uid: str) -> JobOutcome:
    """Return a profile Job that found rows below a declared minimum."""
    line = {
        "rule": "Min",
        "column": "temp",
        "count": 3,
        "rows": [4, 9, 12],
        "message": "temp is below -60: 3 rows, first 4, 9, 12.",
    }
    record = {
        "kind": "Dataset",
        "dataset": {"name": "flights", "uid": uid},
        "verdict": "Invalid",
        "digest": None,
        "rows": 100,
        "violations": [line],
    }
    return JobOutcome(state="Succeeded", manifest=digest("i"), record=record)


def trained(uid: str, word: str = "t") -> JobOutcome:
    """Return a train Job that left files."""
    record = {"kind": "Training", "run": {"name": "first", "uid": uid}, "files": []}
    return JobOutcome(state="Succeeded", manifest=digest(word), record=record)


def case_of(job: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a judge Job is asked to judge."""
    return dict(json.loads(job["metadata"]["annotations"]["plumbline.dev/case"]))


def judged(
    uid: str, verdict: str = "Passed", *, case: Mapping[str, Any] | None = None
) -> JobOutcome:
    """Return a judge Job with a verdict about a case, by default of a model without a champion."""
    gate = {
        "name": "auc >= 0.6",
        "verdict": verdict,
        "message": "auc 0.71 (95 % CI 0.69-0.73, 5000 rows)",
    }
    record = {
        "kind": "Model",
        "run": {"name": "first", "uid": uid},
        **(case or {"training": digest("t"), "champion": None}),
        "model": {"digest": digest("model"), "engine": "linear", "files": []},
        "metrics": [{"name": "auc", "value": 0.71, "low": 0.69, "high": 0.73, "n": 5000}],
        "gates": [gate],
        "verdict": verdict,
        "report": digest("report"),
    }
    return JobOutcome(state="Succeeded", manifest=digest("judged"), record=record)

"""Manifests keep their bytes, and those of other releases are read."""

import json
from pathlib import Path
from typing import Any

import pytest
from plumbline.contract import manifests
from plumbline.contract.dataset_manifest import DatasetManifest, DatasetResult
from plumbline.contract.model_manifest import (
    ModelManifest,
    ModelResult,
    TrainingManifest,
    TrainingResult,
)
from plumbline.store.digests import canonical

# What the steps of a release without a contract wrote.
WRITTEN = Path(__file__).parent / "written"
DATASETS = ("dataset-valid", "dataset-unasked", "dataset-invalid", "dataset-unusable")
MODELS = ("model", "model-champion")
WHOLE: dict[str, type[manifests.Record]] = {
    **dict.fromkeys(DATASETS, DatasetManifest),
    **dict.fromkeys(MODELS, ModelManifest),
    "training": TrainingManifest,
}
RESULTS: dict[str, type[manifests.Record]] = {
    **dict.fromkeys(DATASETS, DatasetResult),
    **dict.fromkeys(MODELS, ModelResult),
    "training": TrainingResult,
}


def written(name: str) -> Any:
    return json.loads((WRITTEN / f"{name}.json").read_bytes())


@pytest.mark.parametrize("name", WHOLE)
def test_the_same_content_has_the_same_bytes_for_ever(name: str) -> None:
    found = manifests.read(WHOLE[name], written(name))
    assert canonical(found.wire) == (WRITTEN / f"{name}.json").read_bytes()


@pytest.mark.parametrize("name", RESULTS)
def test_a_plan_reads_what_a_step_wrote(name: str) -> None:
    content = written(name)
    found = manifests.read_or_none(RESULTS[name], content)
    assert found is not None
    assert manifests.read_or_none(RESULTS[name], {**content, "kind": "Odd"}) is None
    assert manifests.read_or_none(RESULTS[name], None) is None


@pytest.mark.parametrize("name", WHOLE)
def test_a_newer_releases_fields_are_let_through_however_deep(name: str) -> None:
    assert manifests.read(WHOLE[name], _with_more(written(name))).wire == written(name)


def _with_more(value: Any) -> Any:
    """Return a manifest with a field more in each object, bins aside: those are not ours."""
    if isinstance(value, list):
        return [_with_more(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {name: each if name == "reference" else _with_more(each) for name, each in value.items()}
    return {**kept, "addedLater": 1}


def test_an_older_releases_manifest_that_lacks_fields_is_read() -> None:
    few = ("kind", "run", "training", "verdict", "model", "dataset", "question")
    old = {name: value for name, value in written("model").items() if name in few}
    assert manifests.read(ModelManifest, old).model.files[0].path == "model.json"
    few = ("kind", "dataset", "verdict", "schema", "digest")
    old = {name: value for name, value in written("dataset-valid").items() if name in few}
    assert manifests.read(DatasetManifest, old).parts == ()


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_no_api_can_carry_are_refused(number: float) -> None:
    content = written("model")
    content["metrics"][0]["value"] = number
    assert manifests.read_or_none(ModelResult, content) is None


def test_a_sentence_that_is_too_long_for_a_status_is_cut() -> None:
    content = written("dataset-invalid")
    content["violations"][0]["message"] = "x" * 5000
    found = manifests.read_or_none(DatasetResult, content)
    assert found is not None
    assert len(found.violations[0].message) == 512

"""A compiled model is described once, and what cannot be read is refused with words."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import treelite
from plumbline.contract import model_json
from plumbline.contract.model_json import Linear, NumberInput, OrdinalInput, Trees
from plumbline.contract.served_files import File, files_of
from plumbline.jobs.compiling.compiled import write_model
from plumbline.serving.engines import ModelError, load
from sklearn.ensemble import RandomForestRegressor

from tests.unit.contract.test_manifests import written
from tests.unit.serving.conftest import write_model as write_small

# What a release without a contract wrote.
WRITTEN = Path(__file__).parent / "written" / "description.json"

# What a description must have, beside its engine.
LEAST = {
    "format": "plumbline/1",
    "task": "Regression",
    "target": "y",
    "classes": None,
    "features": [{"name": "x", "type": "number"}],
    "inputs": [{"kind": "number", "feature": "x"}],
}


def test_a_description_of_a_release_without_a_contract_is_read_and_written_as_it_was(
    tmp_path: Path,
) -> None:
    found = model_json.read(WRITTEN.read_bytes())
    assert isinstance(found.engine, Trees)
    assert {type(each) for each in found.inputs} == {NumberInput, OrdinalInput}
    assert found.sample is not None
    write_model(tmp_path, found)
    assert (tmp_path / "model.json").read_bytes() == WRITTEN.read_bytes()


def test_an_engine_is_named_as_its_file_is() -> None:
    engines = (Linear(link="logit"), Trees(file="trees.bin", cast="float32"))
    assert {model_json.engine_name(each) for each in engines} == set(model_json.ENGINES)


def test_a_feature_of_a_manifest_is_one_of_the_description() -> None:
    feature = model_json.read(WRITTEN.read_bytes()).features[0]
    assert model_json.read_feature(model_json.wire(feature)) == feature


def test_what_a_newer_release_adds_within_a_format_is_passed_over() -> None:
    content = json.loads(WRITTEN.read_bytes())
    content["features"][0]["unit"] = content["addedLater"] = content["engine"]["threads"] = 1
    assert model_json.read(json.dumps(content).encode()) == model_json.read(WRITTEN.read_bytes())


def test_what_an_older_release_left_out_has_a_default() -> None:
    content = LEAST | {"engine": {"kind": "linear", "link": "identity"}}
    found = model_json.read(json.dumps(content).encode())
    assert (found.columns, found.sample, found.features[0].nullable) == ([], None, True)
    assert found.inputs == [NumberInput("x", None, 0.0, 1.0)]


UNREADABLE = {
    "a newer format": (
        {"format": "plumbline/3"},
        "formats up to plumbline/2; use the version of Plumbline that made it",
    ),
    "an odd format": (
        {"format": "onnx"},
        "format 'onnx', but .* reads plumbline/1, plumbline/2; create a new TrainingRun",
    ),
    "no format": ({"format": None}, "create a new TrainingRun"),
    "an unknown engine": ({"engine": {"kind": "onnx"}}, "is damaged .* restore it from a backup"),
    "no features": ({"features": 7}, "is damaged .* restore it from a backup"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read_says_why_and_what_to_do(tmp_path: Path, case: str) -> None:
    changed, wanted = UNREADABLE[case]
    write_small(tmp_path)
    path = tmp_path / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))
    with pytest.raises(ModelError, match=wanted) as raised:
        load(tmp_path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[1]", b"{" * 9000, b"{}", b"null"])
def test_a_damaged_description_is_refused(tmp_path: Path, content: bytes) -> None:
    write_small(tmp_path)
    (tmp_path / "model.json").write_bytes(content)
    with pytest.raises(ModelError):
        load(tmp_path)


def test_each_engine_has_the_file_that_it_loads(tmp_path: Path) -> None:
    write_small(tmp_path)
    found = model_json.read((tmp_path / "model.json").read_bytes())
    assert isinstance(found.engine, Linear)
    assert set(model_json.ENGINES) == {"linear", "trees"}
    assert (tmp_path / model_json.ENGINES[model_json.engine_name(found.engine)]).exists()
    shutil.rmtree(tmp_path)


def test_the_files_of_a_model_are_read_of_its_manifest_without_pydantic() -> None:
    manifest = written("model")
    wanted = [File(each["path"], each["blob"]) for each in manifest["model"]["files"]]
    assert files_of(manifest) == wanted


@pytest.mark.parametrize(
    "manifest", [{}, {"kind": "Model"}, {"kind": "Dataset"}, {"kind": "Model", "model": {}}]
)
def test_a_manifest_that_names_no_files_of_a_model_is_refused(manifest: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"Model|files"):
        files_of(manifest)


def test_a_description_cannot_name_a_file_outside_of_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    for path, value in ((tmp_path / "other.bin", 2.0), (folder / "trees.bin", 1.0)):
        made = RandomForestRegressor(n_estimators=1).fit([[0.0], [1.0]], [value, value])
        treelite.sklearn.import_model(made).serialize(str(path))
    engine = {"kind": "trees", "file": "../other.bin", "cast": "float64"}
    content = LEAST | {"engine": engine}
    (folder / "model.json").write_text(json.dumps(content))
    assert load(folder).predict({"x": np.array([0.5])}).tolist() == [[1.0]]

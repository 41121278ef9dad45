"""The compiled model of the predict step: checked, stored and identified by a digest."""

import stat
from collections.abc import Sequence
from pathlib import Path

from plumbline.contract import layout, model_json
from plumbline.contract.model_json import Description
from plumbline.contract.model_manifest import CompiledModel, File
from plumbline.contract.tasks import TrainingTask
from plumbline.jobs.failures import JobFailed, text_of
from plumbline.jobs.files import check_regular, read_regular
from plumbline.jobs.paths import Paths
from plumbline.jobs.training.features import Feature
from plumbline.store import Store
from plumbline.store.digests import canonical, of_bytes

_MODEL_LIMIT_BYTES, _WEIGHTS_LIMIT_BYTES = 64 << 20, 2 << 30


def keep_compiled(
    task: TrainingTask, features: Sequence[Feature], paths: Paths, store: Store
) -> CompiledModel:
    """Store the compiled files and return their entry in the manifest."""
    folder = paths.at(layout.COMPILED)
    if not stat.S_ISDIR(_mode(folder)):
        raise _invalid("its folder is missing")
    found = _described(folder / layout.MODEL_FILE)
    _check(found, task, features)
    kind = model_json.engine_name(found.engine)
    files = tuple(
        _stored(folder / name, store) for name in (layout.MODEL_FILE, model_json.ENGINES[kind])
    )
    digest = of_bytes(canonical({file.path: file.blob for file in files}))
    return CompiledModel(digest=digest, engine=kind, files=files)


def _mode(path: Path) -> int:
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        return 0


def _described(path: Path) -> Description:
    try:
        return model_json.read(read_regular(path, limit_bytes=_MODEL_LIMIT_BYTES))
    except model_json.UnreadableModel as error:
        raise _invalid(text_of(error)) from error


def _check(found: Description, task: TrainingTask, features: Sequence[Feature]) -> None:
    """Refuse a model.json of another model: the digest stands for the one that was evaluated."""
    wanted = {
        "task": task.question.task,
        "target": task.question.target,
        "features": [model_json.read_feature(feature) for feature in features],
    }
    for name, value in wanted.items():
        if getattr(found, name) != value:
            raise _invalid(f"model.json does not have the {name} of the run")


def _stored(path: Path, store: Store) -> File:
    size = check_regular(path, limit_bytes=_WEIGHTS_LIMIT_BYTES)
    return File(path=path.name, bytes=size, blob=store.put_blob(path))


def _invalid(problem: str) -> JobFailed:
    message = f"The predict step left no usable compiled model: {problem}."
    advice = "Check that all images have the same version."
    return JobFailed("CompiledInvalid", f"{message} {advice}")

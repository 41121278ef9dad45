"""The compiled model that the predict step left: checked, stored and named by a digest."""

import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from plumbline.contract import layout
from plumbline.contract.manifests import CompiledModel, File
from plumbline.contract.tasks import TrainingTask
from plumbline.jobs.compiling.compiled import FORMAT
from plumbline.jobs.failures import JobFailed
from plumbline.jobs.files import check_regular, read_object
from plumbline.jobs.places import Places
from plumbline.jobs.training.features import Feature
from plumbline.store import Store
from plumbline.store.digests import canonical, of_bytes

ENGINES = {"linear": "weights.npz", "trees": "trees.bin"}
_MODEL_LIMIT_BYTES, _WEIGHTS_LIMIT_BYTES = 64 << 20, 2 << 30


def keep_compiled(
    task: TrainingTask, features: Sequence[Feature], places: Places, store: Store
) -> CompiledModel:
    """Store the compiled files and return what the manifest says of them."""
    folder = places.at(layout.COMPILED)
    if not stat.S_ISDIR(_mode(folder)):
        raise _invalid("there is no folder of a compiled model")
    found = _described(folder / layout.MODEL_FILE)
    _check(found, task, features)
    kind = found["engine"]["kind"]
    files = tuple(_stored(folder / name, store) for name in (layout.MODEL_FILE, ENGINES[kind]))
    digest = of_bytes(canonical({file.path: file.blob for file in files}))
    return CompiledModel(digest=digest, engine=kind, files=files)


def _mode(path: Path) -> int:
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        return 0


def _described(path: Path) -> Mapping[str, Any]:
    try:
        found = read_object(path, limit_bytes=_MODEL_LIMIT_BYTES)
    except ValueError as error:
        raise _invalid(str(error)) from error
    if not isinstance(found.get("engine"), dict):
        raise _invalid("model.json names no engine")
    return found


def _check(found: Mapping[str, Any], task: TrainingTask, features: Sequence[Feature]) -> None:
    """Refuse a model that answers another question than the one it was judged on."""
    wanted = {
        "format": FORMAT,
        "task": task.question.task,
        "target": task.question.target,
        "features": [dict(feature) for feature in features],
    }
    for name, value in wanted.items():
        if found.get(name) != value:
            raise _invalid(f"model.json has another {name} than the run")
    kind = str(found["engine"].get("kind"))
    if kind not in ENGINES:
        raise _invalid(f"unknown engine {kind[:40]!r}")


def _stored(path: Path, store: Store) -> File:
    size = check_regular(path, limit_bytes=_WEIGHTS_LIMIT_BYTES)
    return File(path=path.name, bytes=size, blob=store.put_blob(path))


def _invalid(problem: str) -> JobFailed:
    return JobFailed("CompiledInvalid", f"the predict step left no usable model: {problem}.")

"""The upload side-car: waits until training ends, then ships what it left, without reading it.

It starts before the training container and gets SIGTERM when that one has ended.
"""

import stat
from collections.abc import Iterator
from pathlib import Path

from plumbline.contract import layout
from plumbline.contract.last_words import Success
from plumbline.contract.model_manifest import File, TrainingManifest
from plumbline.contract.tasks import TrainingTask
from plumbline.jobs import signals
from plumbline.jobs.failures import JobFailed
from plumbline.jobs.places import Places
from plumbline.jobs.task_file import read
from plumbline.store import Store
from plumbline.store.digests import of_bytes

_LIMIT_BYTES = 2 << 30
_LIMIT_FILES = 1000


def run(places: Places, store: Store) -> Success:
    """Wait for the end of training, then store its files and a Training manifest."""
    task = read(places.task, TrainingTask)
    ready = places.at(layout.UPLOAD_READY)
    ready.parent.mkdir(parents=True, exist_ok=True)
    ready.touch()
    signals.wait_for_end()
    return ship(task, places, store)


def ship(task: TrainingTask, places: Places, store: Store) -> Success:
    """Store every file of /model and the manifest that names them."""
    folder = places.at(layout.MODEL)
    manifest = TrainingManifest(
        kind="Training",
        run=task.run,
        dataset=task.dataset,
        spec_digest=of_bytes(places.task.read_bytes()),
        files=tuple(_shipped(path, folder, store) for path in _regular_files(folder)),
    )
    digest = store.put_manifest(manifest.wire)
    return Success(digest=digest, verdict="Trained", uid=task.run.uid)


def _regular_files(folder: Path) -> list[Path]:
    """Return the files below a folder, or say why they are not shipped."""
    try:
        found = sorted(_walk(folder))
    except OSError as error:
        raise _unreadable(error) from error
    if not found:
        raise JobFailed("ModelMissing", "training left no file in /model; write model.skops there.")
    size = sum(path.stat().st_size for path in found)
    if size > _LIMIT_BYTES:
        raise _too_large(f"{len(found)} files with {size} bytes")
    return found


def _walk(folder: Path) -> Iterator[Path]:
    """Yield regular files; anything else is refused, because a link could show what is not ours."""
    folders, seen = [folder] if folder.is_dir() else [], 0
    while folders:
        for path in folders.pop().iterdir():
            seen += 1
            if seen > _LIMIT_FILES:
                raise _too_large(f"more than {_LIMIT_FILES} files and folders")
            if stat.S_ISDIR(_mode(path)):
                folders.append(path)
            else:
                yield path


def _mode(path: Path) -> int:
    """Return what a path is: a folder, or a file that can be shipped under its name."""
    mode = path.lstat().st_mode
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise JobFailed(
            "ModelNotRegular",
            f"/model/{path.name} is a link or no regular file; write a file in its place.",
        )
    try:
        path.name.encode()
    except UnicodeEncodeError as error:
        told = f"/model holds {path.name!a}, which is no UTF-8; give the file another name."
        raise JobFailed("ModelNameInvalid", told) from error
    return mode


def _too_large(found: str) -> JobFailed:
    return JobFailed(
        "ModelTooLarge",
        f"training left {found} in /model; {_LIMIT_FILES} files and {_LIMIT_BYTES} bytes are "
        "allowed.",
    )


def _unreadable(error: OSError) -> JobFailed:
    return JobFailed(
        "ModelUnreadable",
        f"what training left in /model cannot be read: {str(error)[:300]}; let training write "
        "files that other users may read.",
    )


def _shipped(path: Path, folder: Path, store: Store) -> File:
    size = path.stat().st_size
    name = str(path.relative_to(folder))
    try:
        return File(path=name, bytes=size, blob=store.put_blob(path))
    except PermissionError as error:
        raise _unreadable(error) from error

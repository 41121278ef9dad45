"""The upload sidecar: waits until the training ends, then stores its files without reading them.

Kubernetes starts it before the training container, and sends it SIGTERM when that has ended.
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
from plumbline.jobs.paths import Paths
from plumbline.jobs.task_file import read
from plumbline.store import Store
from plumbline.store.digests import of_bytes

_LIMIT_BYTES = 2 << 30
_LIMIT_FILES = 1000


def run(paths: Paths, store: Store) -> Success:
    """Wait for the end of training, then store its files and a Training manifest."""
    task = read(paths.task, TrainingTask)
    ready = paths.at(layout.UPLOAD_READY)
    ready.parent.mkdir(parents=True, exist_ok=True)
    ready.touch()
    signals.wait_for_end()
    return ship(task, paths, store)


def ship(task: TrainingTask, paths: Paths, store: Store) -> Success:
    """Store every file of /model and the manifest that names them."""
    folder = paths.at(layout.MODEL)
    manifest = TrainingManifest(
        kind="Training",
        run=task.run,
        dataset=task.dataset,
        spec_digest=of_bytes(paths.task.read_bytes()),
        files=tuple(_shipped(path, folder, store) for path in _regular_files(folder)),
    )
    digest = store.put_manifest(manifest.wire)
    return Success(digest=digest, verdict="Trained", uid=task.run.uid)


def _regular_files(folder: Path) -> list[Path]:
    """Return the files below a folder.

    Raises:
        JobFailed: there are none, they are too large, or one of them cannot be stored.
    """
    try:
        found = sorted(_walk(folder))
    except OSError as error:
        raise _unreadable(error) from error
    if not found:
        message = "The training container wrote no $PLUMBLINE_MODEL/model.skops (in /model)."
        raise JobFailed("ModelMissing", f"{message} Write it with skops.io.dump.")
    size = sum(path.stat().st_size for path in found)
    if size > _LIMIT_BYTES:
        raise _too_large(f"{len(found)} files with {size / 2**30:.1f} GiB")
    return found


def _walk(folder: Path) -> Iterator[Path]:
    """Yield regular files and refuse others: a link could point to a file of this container."""
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
    """Return the mode of a folder, or of a regular file with a valid name."""
    mode = path.lstat().st_mode
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise JobFailed(
            "ModelNotRegular",
            f"/model/{path.name} is a link or another special file. Write a regular file instead.",
        )
    try:
        path.name.encode()
    except UnicodeEncodeError as error:
        message = f"The file name {path.name!a} in /model is not UTF-8. Rename the file."
        raise JobFailed("ModelNameInvalid", message) from error
    return mode


def _too_large(found: str) -> JobFailed:
    return JobFailed(
        "ModelTooLarge",
        f"The training container wrote {found} to $PLUMBLINE_MODEL (/model). The limit is "
        f"{_LIMIT_FILES} files and {_LIMIT_BYTES >> 30} GiB. Write only the model.",
    )


def _unreadable(error: OSError) -> JobFailed:
    return JobFailed(
        "ModelUnreadable",
        f"{error.filename or 'A file in /model'} cannot be read: "
        f"{(error.strerror or 'it cannot be opened').lower()}. Write files that other users may "
        "read.",
    )


def _shipped(path: Path, folder: Path, store: Store) -> File:
    size = path.stat().st_size
    name = str(path.relative_to(folder))
    try:
        return File(path=name, bytes=size, blob=store.put_blob(path))
    except PermissionError as error:
        raise _unreadable(error) from error

"""Files that another step or a user wrote: opened without following links, up to a size."""

import errno
import json
import os
import stat
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from plumbline.jobs.failures import JobFailed


def read_regular(path: Path, *, limit_bytes: int) -> bytes:
    """Return the content of a regular file.

    Raises:
        JobFailed: it is missing, too large, or a link, a folder, a pipe or a device.
    """
    with _opened(path, limit_bytes) as file:
        return file.read(limit_bytes)


def check_regular(path: Path, *, limit_bytes: int) -> int:
    """Return the size of a regular file, without reading it; raises as `read_regular`."""
    with _opened(path, limit_bytes) as file:
        return os.fstat(file.fileno()).st_size


def read_object(path: Path, *, limit_bytes: int) -> dict[str, Any]:
    """Return the JSON object in a regular file.

    Raises:
        JobFailed: as `read_regular`.
        ValueError: it does not have a JSON object.
    """
    try:
        found = json.loads(read_regular(path, limit_bytes=limit_bytes))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} is not JSON") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path.name} is not a JSON object")
    return found


def safe_relative(name: str) -> PurePosixPath:
    """Return the relative path of a file, which must stay inside of its folder.

    Raises:
        JobFailed: it leads out of the folder.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        message = (
            f"A manifest of a model names the file {name[:100]!r}, which is outside its folder."
        )
        raise JobFailed("PathInvalid", f"{message} Check who can write to the store.")
    return path


def _opened(path: Path, limit_bytes: int) -> BinaryIO:
    descriptor = _open(path)
    try:
        _check(path, descriptor, limit_bytes)
    except JobFailed:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def _check(path: Path, descriptor: int, limit_bytes: int) -> None:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise JobFailed("FileNotRegular", f"{path} is not a regular file. Write a regular file.")
    if found.st_size > limit_bytes:
        message = f"{path} has {found.st_size} bytes; the limit is {limit_bytes}."
        raise JobFailed("FileTooLarge", f"{message} Use a smaller model or fewer rows.")


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        message = f"{path} is missing: the step before did not write it."
        advice = "See the log of that step, and check that all images have the same version."
        raise JobFailed("FileMissing", f"{message} {advice}") from error
    except OSError as error:
        # O_NOFOLLOW refuses a link with ELOOP; a socket is refused with ENXIO.
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise JobFailed(
                "FileNotRegular", f"{path} is a link or a socket. Write a regular file."
            ) from error
        raise

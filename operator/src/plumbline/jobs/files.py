"""Files that somebody else wrote: opened without following links, and only up to a size."""

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
        JobFailed: it is missing, a link, a folder, a pipe or a device, or too large.
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
        ValueError: it holds anything else.
    """
    try:
        found = json.loads(read_regular(path, limit_bytes=limit_bytes))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} is not JSON") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path.name} is not an object")
    return found


def safe_relative(name: str) -> PurePosixPath:
    """Return a path that stays below the folder it is put in.

    Raises:
        JobFailed: it would leave the folder.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise JobFailed("PathInvalid", f"a manifest names the file {name[:100]!r}; refused.")
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
        raise JobFailed("FileNotRegular", f"{path} is not a regular file; write one.")
    if found.st_size > limit_bytes:
        raise JobFailed(
            "FileTooLarge", f"{path} has {found.st_size} bytes; {limit_bytes} are allowed."
        )


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise JobFailed("FileMissing", f"{path} was not written.") from error
    except OSError as error:
        # A link, and a socket.
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise JobFailed(
                "FileNotRegular", f"{path} is a link or no regular file; write a file."
            ) from error
        raise

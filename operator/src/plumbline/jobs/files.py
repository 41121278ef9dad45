"""Files that somebody else wrote: opened without following links, and only up to a size."""

import errno
import os
import stat
from pathlib import Path, PurePosixPath

from plumbline.jobs.failures import JobFailed


def read_regular(path: Path, *, limit_bytes: int) -> bytes:
    """Return the content of a regular file.

    Raises:
        JobFailed: it is missing, a link, a pipe or a device, or too large.
    """
    with os.fdopen(_open(path), "rb") as file:
        _check(path, file.fileno(), limit_bytes)
        return file.read(limit_bytes)


def check_regular(path: Path, *, limit_bytes: int) -> int:
    """Return the size of a regular file, without reading it; raises as `read_regular`."""
    with os.fdopen(_open(path), "rb") as file:
        return _check(path, file.fileno(), limit_bytes)


def safe_relative(name: str) -> PurePosixPath:
    """Return a path that stays below the folder it is put in.

    Raises:
        JobFailed: it would leave the folder.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise JobFailed("PathInvalid", f"a manifest names the file {name[:100]!r}; refused.")
    return path


def _check(path: Path, descriptor: int, limit_bytes: int) -> int:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise JobFailed("FileNotRegular", f"{path} is not a regular file; write one.")
    if found.st_size > limit_bytes:
        raise JobFailed(
            "FileTooLarge", f"{path} has {found.st_size} bytes; {limit_bytes} are allowed."
        )
    return found.st_size


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise JobFailed("FileMissing", f"{path} was not written.") from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise JobFailed("FileNotRegular", f"{path} is a link; write a file.") from error
        raise

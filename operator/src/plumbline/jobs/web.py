"""Files behind http(s): what is there, and its bytes; errors in the words of the source."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from plumbline.jobs.failures import JobFailed

_TIMEOUT_SECONDS = 60


def look(url: str) -> tuple[str, int]:
    """Return a word for the version (empty if the server gives none) and the size or -1."""
    request = Request(url, method="HEAD")  # noqa: S310 (the spec's pattern allows http(s) only)
    try:
        with _talking(url), urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
            version = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
            return version, int(answer.headers.get("Content-Length") or -1)
    except _NoHead:
        return "", -1


def download(url: str, path: Path) -> None:
    """Write the file to `path`, and notice when the connection ends early."""
    with (
        _talking(url),
        urlopen(url, timeout=_TIMEOUT_SECONDS) as answer,  # noqa: S310
        path.open("wb") as file,
    ):
        shutil.copyfileobj(answer, file, 1 << 20)
        _complete(url, answer.headers.get("Content-Length"), file.tell())


class _NoHead(Exception):
    """The server does not answer HEAD."""


@contextmanager
def _talking(url: str) -> Iterator[None]:
    shown = urlsplit(url)._replace(query="", fragment="").geturl()
    try:
        yield
    except HTTPError as error:
        error.close()
        if error.code in {405, 501}:
            raise _NoHead from error
        raise _refusal(shown, error.code) from error
    except (URLError, HTTPException, OSError) as error:
        raise JobFailed(
            "SourceUnreachable", f"{shown} does not answer ({type(error).__name__}).", retry=True
        ) from error


def _refusal(shown: str, code: int) -> JobFailed:
    if code in {404, 410}:
        return JobFailed("SourceNotFound", f"{shown} is not there ({code}); mend spec.source.uri.")
    if code in {401, 403}:
        return JobFailed("SourceForbidden", f"{shown} may not be read ({code}).")
    return JobFailed("SourceUnreachable", f"{shown} answers with error {code}.", retry=code >= 500)


def _complete(url: str, promised: str | None, received: int) -> None:
    if promised is not None and int(promised) != received:
        raise JobFailed(
            "SourceUnreachable",
            f"{urlsplit(url).path} ended after {received} of {promised} bytes.",
            retry=True,
        )

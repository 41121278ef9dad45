"""Files behind http(s): what is there, and its bytes; errors in the words of the source."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException, InvalidURL
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from plumbline.jobs.failures import JobFailed

_TIMEOUT_SECONDS, _LARGEST_PAGE = 60, 32 << 20
_SAFE = "%/:?#[]@!$&'()*+,;=~"
_LATER = {408, 425, 429}


@dataclass(frozen=True, slots=True)
class Found:
    """What a server says of a file.

    Attributes:
        version: its ETag or date; empty if it gives none.
        bytes: its size; -1 if it does not say.
    """

    version: str = ""
    bytes: int = -1


def shown(url: str) -> str:
    """Return an address without what may be secret: user, password and query."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, query="", fragment="").geturl()


def look(url: str) -> Found:
    """Return what is known of the file before it is read.

    A server that refuses this may still give the file: an address that was signed for GET is for
    nothing else. Then nothing is known.
    """
    request = Request(_ascii(url), method="HEAD")  # noqa: S310 (the spec's pattern allows http(s))
    with _talking(url):
        try:
            with urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
                return _found(answer.headers)
        except HTTPError as error:
            error.close()
            return Found()


def download(url: str, path: Path) -> Found:
    """Write the file to `path`, and notice when the connection ends early."""
    with (
        _talking(url),
        urlopen(_ascii(url), timeout=_TIMEOUT_SECONDS) as answer,  # noqa: S310
        path.open("wb") as file,
    ):
        shutil.copyfileobj(answer, file, 1 << 20)
        found = _found(answer.headers)
        if found.bytes not in (-1, file.tell()):
            raise _unreachable(url, f"ended after {file.tell()} of {found.bytes} bytes", retry=True)
        return found


def page(url: str) -> str:
    """Return the text of a page."""
    with _talking(url), urlopen(_ascii(url), timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
        text: bytes = answer.read(_LARGEST_PAGE + 1)
    if len(text) > _LARGEST_PAGE:
        raise JobFailed("SourceInvalid", f"{shown(url)} is too large for a page that lists files.")
    return text.decode(errors="replace")


def _found(headers: Message) -> Found:
    size = headers.get("Content-Length") or ""
    version = headers.get("ETag") or headers.get("Last-Modified") or ""
    return Found(version, int(size) if size.isdecimal() else -1)


def _ascii(url: str) -> str:
    """Return the address as it goes over the wire."""
    parts = urlsplit(url)
    path, query = quote(parts.path, _SAFE), quote(parts.query, _SAFE)
    return parts._replace(path=path, query=query, fragment="").geturl()


@contextmanager
def _talking(url: str) -> Iterator[None]:
    try:
        yield
    except HTTPError as error:
        error.close()
        raise _refusal(url, error.code) from error
    except (InvalidURL, UnicodeError) as error:
        told = f"{shown(url)} is no address; write http(s)://host/path without user and password."
        raise JobFailed("SourceInvalid", told) from error
    except ValueError as error:
        raise _unreachable(url, "has moved to what is no address", retry=False) from error
    except (URLError, HTTPException, OSError) as error:
        raise _unreachable(url, f"does not answer ({_kind(error)})", retry=True) from error


def _kind(error: Exception) -> str:
    return type(getattr(error, "reason", error)).__name__


def _refusal(url: str, code: int) -> JobFailed:
    if code in {404, 410}:
        told = f"{shown(url)} is not there ({code}); mend spec.source.uri."
        return JobFailed("SourceNotFound", told)
    if code in {401, 403}:
        return JobFailed("SourceForbidden", f"{shown(url)} may not be read ({code}).")
    return _unreachable(url, f"answers with error {code}", retry=code >= 500 or code in _LATER)


def _unreachable(url: str, problem: str, *, retry: bool) -> JobFailed:
    return JobFailed("SourceUnreachable", f"{shown(url)} {problem}.", retry=retry)

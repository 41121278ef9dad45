"""Files behind http(s): their version, size and bytes; errors have the reasons of a source."""

import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException, IncompleteRead, InvalidURL, RemoteDisconnected
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from plumbline.jobs.failures import JobFailed

_TIMEOUT_SECONDS, _LARGEST_PAGE = 60, 32 << 20
_SAFE = "%/:?#[]@!$&'()*+,;=~"
_LATER = {408, 425, 429}
# The first that fits is said; a closed connection is a kind of a reset one.
_PROBLEMS: dict[type[BaseException], str] = {
    TimeoutError: f"timed out after {_TIMEOUT_SECONDS} s",
    ConnectionRefusedError: "connection refused",
    RemoteDisconnected: "the server closed the connection without a response",
    ConnectionResetError: "the server reset the connection",
    IncompleteRead: "the connection ended before the file was complete",
    ssl.SSLError: "the TLS connection failed",
    HTTPException: "the response is not valid HTTP",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a server says about a file.

    Attributes:
        version: its ETag or date; empty if it gives none.
        bytes: its size; -1 if it does not say.
    """

    version: str = ""
    bytes: int = -1


def shown(url: str) -> str:
    """Return an address without the parts that may be secret: user, password and query."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, query="", fragment="").geturl()


def look(url: str) -> Found:
    """Return what the server says about the file before it is read.

    A refusal means that nothing is known, not that the file cannot be read: an address that was
    signed for GET is refused for HEAD.
    """
    request = Request(_ascii(url), method="HEAD")  # noqa: S310 (the spec's pattern allows http(s))
    with _translated(url):
        try:
            with urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
                return _found(answer.headers)
        except HTTPError as error:
            error.close()
            return Found()


def download(url: str, path: Path) -> Found:
    """Download the file to `path`, and fail when the connection ends early."""
    with (
        _translated(url),
        urlopen(_ascii(url), timeout=_TIMEOUT_SECONDS) as answer,  # noqa: S310
        path.open("wb") as file,
    ):
        shutil.copyfileobj(answer, file, 1 << 20)
        found = _found(answer.headers)
        if found.bytes not in (-1, file.tell()):
            problem = f"the connection ended after {file.tell()} of {found.bytes} bytes"
            raise _unreachable(url, problem, retry=True)
        return found


def page(url: str) -> str:
    """Return the text of a page."""
    with _translated(url), urlopen(_ascii(url), timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
        text: bytes = answer.read(_LARGEST_PAGE + 1)
    if len(text) > _LARGEST_PAGE:
        message = (
            f"{shown(url)} is larger than {_LARGEST_PAGE >> 20} MiB, too large for a list of files."
            " Name a file or a smaller folder in spec.source.uri."
        )
        raise JobFailed("SourceInvalid", message)
    return text.decode(errors="replace")


def _found(headers: Message) -> Found:
    size = headers.get("Content-Length") or ""
    version = headers.get("ETag") or headers.get("Last-Modified") or ""
    return Found(version, int(size) if size.isdecimal() else -1)


def _ascii(url: str) -> str:
    """Return the address with everything but ASCII escaped, as HTTP needs it."""
    parts = urlsplit(url)
    path, query = quote(parts.path, _SAFE), quote(parts.query, _SAFE)
    return parts._replace(path=path, query=query, fragment="").geturl()


@contextmanager
def _translated(url: str) -> Iterator[None]:
    try:
        yield
    except HTTPError as error:
        error.close()
        raise _refusal(url, error.code) from error
    except (InvalidURL, UnicodeError) as error:
        message = f"{shown(url)} is not a valid address. Write https://host/path."
        raise JobFailed("SourceInvalid", message) from error
    except ValueError as error:
        raise _unreachable(url, "it redirects to an invalid address", retry=False) from error
    except (URLError, HTTPException, OSError) as error:
        raise _unreachable(url, _problem(url, error), retry=True) from error


def _problem(url: str, error: Exception) -> str:
    """Return what went wrong on the way, without the names of Python's exceptions."""
    cause = getattr(error, "reason", error)
    if isinstance(cause, socket.gaierror):
        return f"cannot resolve host {urlsplit(url).hostname}"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({cause.verify_message})"
    known = (text for kind, text in _PROBLEMS.items() if isinstance(cause, kind))
    return next(known, (getattr(cause, "strerror", None) or "the connection failed").lower())


def _refusal(url: str, code: int) -> JobFailed:
    message = f"Cannot read {shown(url)}: HTTP status {code}"
    if code in {404, 410}:
        return JobFailed("SourceNotFound", f"{message} (not found). Fix spec.source.uri.")
    if code in {401, 403}:
        advice = "Fix spec.source.uri, or allow access at the server."
        return JobFailed("SourceForbidden", f"{message} (access refused). {advice}")
    problem = f"HTTP status {code}{' (too many redirects)' if 300 <= code < 400 else ''}"
    return _unreachable(url, problem, retry=code >= 500 or code in _LATER)


def _unreachable(url: str, problem: str, *, retry: bool) -> JobFailed:
    return JobFailed("SourceUnreachable", f"Cannot read {shown(url)}: {problem}.", retry=retry)

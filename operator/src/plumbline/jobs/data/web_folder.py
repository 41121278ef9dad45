"""The files of a folder behind http(s): those that the folder's page links to.

HTTP cannot list files, but most servers (nginx, Apache, Caddy, Python's http.server) show a folder
as a page of links. Links that lead out of the folder, or that have a query, are ignored.
"""

from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit

from plumbline.jobs.data import globs, web
from plumbline.jobs.failures import JobFailed

_MOST_FOLDERS = 1000


def is_glob(url: str) -> bool:
    """Whether an address stands for many files. `?` is not a wildcard here: it begins the query."""
    return "*" in urlsplit(url).path


def files(url: str) -> list[str]:
    """Return the addresses that match the glob, in order, each with the query of the glob.

    Raises:
        JobFailed: a page cannot be read, there are too many, or no file matches.
    """
    path = unquote(urlsplit(url).path)
    wanted = globs.matcher(path)
    start = urlsplit(url)._replace(path=_folder(urlsplit(url).path)).geturl()
    found = {each for each in _walk(start, deep=_is_deep(path)) if wanted.match(_path(each))}
    if found:
        return sorted(found)
    message = f"{web.shown(url)} matches no file: the page {web.shown(start)} has no such link"
    raise JobFailed("SourceNotFound", f"{message}. Fix spec.source.uri, or put the files there.")


def _walk(start: str, *, deep: bool) -> Iterator[str]:
    """Yield the links of a folder; with `deep`, also those of the folders below it."""
    folders, known = [start], {start}
    while folders:
        if len(known) > _MOST_FOLDERS:
            message = f"{web.shown(start)} has more than {_MOST_FOLDERS} folders."
            advice = "Name one of them in spec.source.uri."
            raise JobFailed("SourceInvalid", f"{message} {advice}")
        for link in _links(folders.pop()):
            if not _path(link).endswith("/"):
                yield link
            elif deep and link not in known:
                known.add(link)
                folders.append(link)


def _links(folder: str) -> Iterator[str]:
    """Yield the addresses below a folder that its page links to, each with the folder's query."""
    page, base = _Page(), urlsplit(folder)
    page.feed(_text(folder))
    for target in sorted(page.targets):
        try:
            link = urlsplit(urljoin(base._replace(query="").geturl(), target))
        except ValueError:
            continue
        inside = link.path.startswith(base.path) and link.path != base.path
        if inside and (link.scheme, link.netloc, link.query) == (base.scheme, base.netloc, ""):
            yield link._replace(query=base.query, fragment="").geturl()


def _text(folder: str) -> str:
    try:
        return web.page(folder)
    except JobFailed as failure:
        message = f"{failure.message} The files that match a wildcard are read from this page."
        raise JobFailed(failure.reason, message, retry=failure.retry) from failure


class _Page(HTMLParser):
    """Collects the targets of a page's links."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the target of a link."""
        if tag == "a":
            self.targets |= {value for name, value in attrs if name == "href" and value}


def _folder(path: str) -> str:
    return path.split("*", maxsplit=1)[0].rpartition("/")[0] + "/"


def _is_deep(path: str) -> bool:
    """Whether the glob's wildcards reach into folders below."""
    return "/" in path.removeprefix(_folder(path)) or "**" in path


def _path(url: str) -> str:
    return unquote(urlsplit(url).path)

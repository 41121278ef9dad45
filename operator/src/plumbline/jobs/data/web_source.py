"""Files behind http(s): one, or those of a folder's page that match a glob."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from plumbline.jobs.data import web, web_folder
from plumbline.jobs.data.source import Part
from plumbline.jobs.failures import JobFailed


@dataclass(frozen=True, slots=True)
class WebSource:
    """Files behind http(s); the query of the address is sent with every request."""

    url: str

    def parts(self) -> list[Part]:
        """Return each file with its ETag or date."""
        urls = web_folder.files(self.url) if web_folder.is_glob(self.url) else [self.url]
        return [self._part(url) for url in urls]

    def fetch(self, part: Part, path: Path) -> None:
        """Download the file, if it is still the version that `parts` returned."""
        query = urlsplit(self.url).query
        found = web.download(urlsplit(part.source)._replace(query=query).geturl(), path)
        if part.version and self._version(found) != part.version:
            message = f"{part.source} changed while it was read. It is read again."
            raise JobFailed("SourceChanged", message, retry=True)

    def _part(self, url: str) -> Part:
        found = web.look(url)
        return Part(web.shown(url), self._version(found), found.bytes)

    def _version(self, found: web.Found) -> str:
        """Return the server's version and a hash of the query, which may be secret."""
        query = urlsplit(self.url).query
        of_query = f"/{hashlib.sha256(query.encode()).hexdigest()[:16]}" if query else ""
        return found.version and found.version + of_query

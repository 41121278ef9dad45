"""Files behind http(s): one, or those of a folder's page that match a glob."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from plumbline.jobs.data import web, web_folder
from plumbline.jobs.data.source import SourceFile
from plumbline.jobs.failures import JobFailed


@dataclass(frozen=True, slots=True)
class WebSource:
    """Files behind http(s); the query of the address is sent with every request."""

    url: str

    def files(self) -> list[SourceFile]:
        """Return each file with its ETag or date."""
        urls = web_folder.files(self.url) if web_folder.is_glob(self.url) else [self.url]
        return [self._file(url) for url in urls]

    def fetch(self, file: SourceFile, path: Path) -> None:
        """Download the file, if it is still the version that `files` returned."""
        query = urlsplit(self.url).query
        found = web.download(urlsplit(file.source)._replace(query=query).geturl(), path)
        if file.version and self._version(found) != file.version:
            message = f"{file.source} changed while it was read. It is read again."
            raise JobFailed("SourceChanged", message, retry=True)

    def _file(self, url: str) -> SourceFile:
        found = web.look(url)
        return SourceFile(web.shown(url), self._version(found), found.bytes)

    def _version(self, found: web.Found) -> str:
        """Return the server's version and a hash of the query, which may be secret."""
        query = urlsplit(self.url).query
        of_query = f"/{hashlib.sha256(query.encode()).hexdigest()[:16]}" if query else ""
        return found.version and found.version + of_query

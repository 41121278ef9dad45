"""One file behind http(s), which cannot be listed."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from plumbline.jobs.data import web
from plumbline.jobs.data.source import Part, Source
from plumbline.jobs.failures import JobFailed


@dataclass(frozen=True, slots=True)
class WebSource(Source):
    """One file behind http(s)."""

    url: str

    def parts(self) -> list[Part]:
        """Return the one file with its ETag or date."""
        if "*" in urlsplit(self.url).path:
            raise JobFailed(
                "SourceInvalid",
                f"{web.shown(self.url)}: http cannot list files, so a wildcard cannot be "
                "resolved; name one file, or put the files under s3://.",
            )
        found = web.look(self.url)
        return [Part(web.shown(self.url), self._version(found), found.bytes)]

    def fetch(self, part: Part, path: Path) -> None:
        """Download the file, if it is still the one that was seen."""
        found = web.download(self.url, path)
        if part.version and self._version(found) != part.version:
            told = f"{part.source} changed while it was read."
            raise JobFailed("SourceChanged", told, retry=True)

    def _version(self, found: web.Found) -> str:
        """Return the server's word, and what tells two queries apart without showing them."""
        query = urlsplit(self.url).query
        of_query = f"/{hashlib.sha256(query.encode()).hexdigest()[:16]}" if query else ""
        return found.version and found.version + of_query

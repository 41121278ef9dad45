"""The pages of the data port: health, server metadata and model metadata."""

from collections.abc import Mapping

import msgspec

from plumbline.contract.model_json import Description
from plumbline.serving import protocol
from plumbline.serving.errors import RequestError

READ = ("GET", "HEAD")


class Pages:
    """Answers all requests of the data port but inference."""

    def __init__(
        self, *, name: str, version: str, content: Description, outputs: Mapping[str, str]
    ) -> None:
        """Encode the pages once, because they do not change."""
        self._name, self._version = name, version
        models = {f"/v2/models/{name}{v}" for v in ("", f"/versions/{version}")}
        self._ready = {"/v2/health/ready", *(f"{path}/ready" for path in models)}
        model = protocol.metadata(name, version, content, outputs)
        server = {"name": "plumbline", "version": version, "extensions": []}
        live = {"live": True}
        pages = {"/v2": server, "/v2/health/live": live} | dict.fromkeys(models, model)
        self._encoded = {path: msgspec.json.encode(page) for path, page in pages.items()}

    def answer(self, method: str, path: str, *, ready: bool) -> tuple[int, bytes]:
        """Return status and body.

        Raises:
            RequestError: the page does not exist, or the method is not GET or HEAD.
        """
        page = self._encoded.get(path)
        if page is None and path not in self._ready:
            raise RequestError(self._unknown(path), status=404)
        if method not in READ:
            allow = {b"allow": b"GET, HEAD"}
            raise RequestError(f"Use GET for {path[:200]}.", status=405, headers=allow)
        if page is not None:
            return 200, page
        message = {"name": self._name, "ready": ready, "live": True}
        return (200 if ready else 503), msgspec.json.encode(message)

    def _unknown(self, path: str) -> str:
        match path.split("/"):
            case ["", "v2", "models", name, *_] if name != self._name:
                return f"Unknown model {name[:200]!r}: this server has {self._name!r}."
            case ["", "v2", "models", _, "versions", version, *_] if version != self._version:
                return f"Unknown version {version[:200]!r}: this server has {self._version!r}."
        return f"There is nothing at {path[:200]}. See /v2."

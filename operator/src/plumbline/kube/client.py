"""The only HTTP to the API server: read, watch, create, apply, status, delete."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from types import TracebackType
from typing import Any

import aiohttp

from plumbline.api.effects import Key, Resource
from plumbline.kube.config import Connection
from plumbline.kube.errors import ApiError, Unavailable, error_of

Object = dict[str, Any]
FIELD_MANAGER = "plumbline"
PAGE = 500
TIMEOUT_SECONDS = 30.0
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"


def path_of(resource: Resource, namespace: str | None, name: str | None = None) -> str:
    """Return the path of a collection or an object."""
    root = f"/apis/{resource.group}/{resource.version}" if resource.group else "/api/v1"
    scope = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{scope}/{resource.plural}" + (f"/{name}" if name else "")


class Client:
    """A client of one API server. Use it as an async context manager."""

    def __init__(
        self,
        connection: Connection,
        *,
        on_request: Callable[[str, str], None] = lambda verb, resource: None,
    ) -> None:
        """Connect when entered; `on_request(verb, plural)` is told of every request."""
        self._connection, self._on_request = connection, on_request
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Client":
        """Open the connection pool."""
        connector = aiohttp.TCPConnector(limit=64, ssl=self._connection.tls)
        self._session = aiohttp.ClientSession(connector=connector)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection pool."""
        if self._session:
            await self._session.close()

    async def get(self, key: Key) -> Object:
        """Return an object.

        Raises:
            NotFound: it does not exist.
        """
        path = path_of(key.resource, key.namespace, key.name)
        return await self._call("GET", path, what=_of("get", key), resource=key.resource)

    async def list(
        self, resource: Resource, *, namespace: str | None = None, labels: str = ""
    ) -> tuple[list[Object], str]:
        """Return all objects and the resourceVersion to watch from, page by page."""
        path, what = path_of(resource, namespace), f"list {resource.plural}"
        query = {"limit": str(PAGE)} | ({"labelSelector": labels} if labels else {})
        items: list[Object] = []
        while True:
            page = await self._call("GET", path, what=what, resource=resource, query=query)
            items += [_typed(item, resource) for item in page["items"]]
            metadata = page["metadata"]
            if not metadata.get("continue"):
                return items, metadata["resourceVersion"]
            query["continue"] = metadata["continue"]

    async def watch(
        self,
        resource: Resource,
        *,
        since: str,
        namespace: str | None = None,
        labels: str = "",
        timeout_seconds: int = 300,
    ) -> AsyncIterator[Object]:
        """Yield watch events (type, object), bookmarks included, until the server ends the watch.

        Raises:
            Gone: `since` is too old.
            Unavailable: the connection broke, or nothing at all came for two minutes.
        """
        query = {
            "watch": "1",
            "resourceVersion": since,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(timeout_seconds),
        } | ({"labelSelector": labels} if labels else {})
        url, what = path_of(resource, namespace), f"watch {resource.plural}"
        timeout = aiohttp.ClientTimeout(total=None, sock_read=120)
        self._on_request("WATCH", resource.plural)
        try:
            async with self._open("GET", url, params=query, timeout=timeout) as response:
                if response.status >= 400:
                    raise await _error(response, what)
                async for event in _events(response):
                    yield event
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unavailable(f"{what}: {error!r}") from error

    async def create(self, key: Key, manifest: Mapping[str, Any]) -> Object:
        """Create an object.

        Raises:
            AlreadyExists: one of that name exists.
        """
        path = path_of(key.resource, key.namespace)
        return await self._call(
            "POST", path, what=_of("create", key), resource=key.resource, body=manifest
        )

    async def apply(self, key: Key, manifest: Mapping[str, Any]) -> Object:
        """Apply an object server-side; fields that we applied before and leave out are removed."""
        query = {"fieldManager": FIELD_MANAGER, "force": "true"}
        return await self._patch(key, manifest, "apply", APPLY, query)

    async def merge(self, key: Key, patch: Mapping[str, Any]) -> Object:
        """Merge fields into an object."""
        return await self._patch(key, patch, "merge", MERGE, {})

    async def replace_status(self, key: Key, obj: Mapping[str, Any]) -> Object:
        """Replace the status of an object, guarded by the resourceVersion in it.

        Raises:
            Conflict: the object has changed since.
        """
        path = path_of(key.resource, key.namespace, key.name) + "/status"
        return await self._call(
            "PUT", path, what=_of("set status of", key), resource=key.resource, body=obj
        )

    async def delete(self, key: Key, *, uid: str) -> None:
        """Delete an object in the background, only while it has this uid.

        Raises:
            NotFound: it is gone already.
            Conflict: another object has its name now.
        """
        body = {"propagationPolicy": "Background", "preconditions": {"uid": uid}}
        path = path_of(key.resource, key.namespace, key.name)
        await self._call("DELETE", path, what=_of("delete", key), resource=key.resource, body=body)

    async def _patch(
        self,
        key: Key,
        body: Mapping[str, Any],
        verb: str,
        content_type: str,
        query: dict[str, str],
    ) -> Object:
        path = path_of(key.resource, key.namespace, key.name)
        return await self._call(
            "PATCH",
            path,
            what=_of(verb, key),
            resource=key.resource,
            body=body,
            query=query,
            content_type=content_type,
        )

    async def _call(
        self,
        method: str,
        path: str,
        *,
        what: str,
        resource: Resource,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Object:
        self._on_request(method, resource.plural)
        options: dict[str, Any] = {"timeout": aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)}
        if body is not None:
            options |= {"data": json.dumps(body).encode()}
            options |= {"headers": {"Content-Type": content_type}}
        try:
            async with self._open(method, path, params=query, **options) as response:
                if response.status >= 400:
                    raise await _error(response, what)
                return _typed(json.loads(await response.read()), resource)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unavailable(f"{what}: {error!r}") from error

    def _open(self, method: str, path: str, **options: Any) -> Any:
        if self._session is None:
            raise RuntimeError("use the client as an async context manager")
        headers = self._connection.headers() | options.pop("headers", {})
        return self._session.request(
            method, self._connection.server + path, headers=headers, **options
        )


def _of(verb: str, key: Key) -> str:
    return f"{verb} {key.resource.kind} {key.namespace}/{key.name}"


def _typed(obj: Object, resource: Resource) -> Object:
    """Items of a list lack apiVersion and kind; give them theirs."""
    if "metadata" in obj and "items" not in obj:
        obj.setdefault("apiVersion", resource.api_version)
        obj.setdefault("kind", resource.kind)
    return obj


async def _events(response: aiohttp.ClientResponse) -> AsyncIterator[Object]:
    """Yield one parsed event a line; the in-stream error is raised as what it stands for."""
    buffer = b""
    async for chunk in response.content.iter_any():
        *lines, buffer = (buffer + chunk).split(b"\n")
        for line in lines:
            event = json.loads(line)
            if event["type"] == "ERROR":
                raise _in_stream(event["object"])
            yield event


def _in_stream(status: Object) -> ApiError:
    return error_of(
        status.get("code", 500),
        status.get("reason", ""),
        status.get("message", ""),
        attempt="watch",
        retry_after=None,
    )


async def _error(response: aiohttp.ClientResponse, what: str) -> ApiError:
    text = await response.text()
    try:
        status = json.loads(text)
    except ValueError:
        status = {}
    if not isinstance(status, dict):
        status = {}
    return error_of(
        response.status,
        status.get("reason", response.reason or ""),
        status.get("message", text[:300]),
        attempt=what,
        retry_after=response.headers.get("Retry-After"),
    )

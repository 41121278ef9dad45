"""The verbs of the API server: read, watch, create, apply, set a status, delete.

async with Client(connection()) as client:
    jobs, version = await client.list(JOB, labels="app=web")
    async for event in client.watch(JOB, since=version, labels="app=web"):
        ...
"""

from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any

from plumbline.api.objects import Key, Resource
from plumbline.kube.config import Connection
from plumbline.kube.errors import Unavailable
from plumbline.kube.transport import MayWrite, Object, OnRequest, Request, Transport

Listed = tuple[list[Object], str]
FIELD_MANAGER = "plumbline"
# Objects in one page of a list, as in kubectl.
PAGE = 500
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"


def path_of(resource: Resource, namespace: str | None, name: str | None = None) -> str:
    """Return the path of a collection or an object."""
    root = f"/apis/{resource.group}/{resource.version}" if resource.group else "/api/v1"
    scope = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{scope}/{resource.plural}" + (f"/{name}" if name else "")


class Client:
    """A client of one API server. Use it as an async context manager.

    Every method can raise `ApiError`; its subclasses say whether to try again.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        on_request: OnRequest = lambda method, plural: None,
        may_write: MayWrite = lambda: True,
    ) -> None:
        """Connect when entered.

        Args:
            connection: address and credentials of the server.
            on_request: called for every request as `(method, plural)`; a watch has method WATCH.
            may_write: asked before every write; a False raises `NotLeading`.
        """
        self._transport = Transport(connection, on_request, may_write)

    async def __aenter__(self) -> "Client":
        """Open the connection pool."""
        await self._transport.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection pool."""
        await self._transport.close()

    async def get(self, key: Key) -> Object:
        """Return an object.

        Raises:
            NotFound: it does not exist.
        """
        return await self._call_object(key, "get", "GET")

    async def list(
        self, resource: Resource, *, namespace: str | None = None, labels: str = ""
    ) -> Listed:
        """Return all objects and the resourceVersion to watch from, for short lists and tests.

        Raises:
            Gone: the pages expired while they were read.
        """
        found: list[Object] = []
        as_of = ""
        async for items, version in self.pages(resource, namespace=namespace, labels=labels):
            found += items
            as_of = version
        return found, as_of

    async def pages(
        self, resource: Resource, *, namespace: str | None = None, labels: str = ""
    ) -> AsyncIterator[Listed]:
        """Yield all objects page by page, each page with the one resourceVersion to watch from.

        So a caller that keeps only parts of objects never holds all of them in memory.

        Raises:
            Gone: the pages expired while they were read; the pages before are valid.
        """
        query = {"limit": str(PAGE)} | ({"labelSelector": labels} if labels else {})
        more: str | None = ""
        while more is not None:
            asked = query | ({"continue": more} if more else {})
            page = await self._transport.call(_collection(resource, "list", namespace, asked))
            items, about = page.get("items") or (), page.get("metadata")
            if not about or "resourceVersion" not in about:
                raise Unavailable(f"list {resource.plural}: the response is not a list")
            yield [_typed(item, resource) for item in items], about["resourceVersion"]
            more = about.get("continue") or None

    def watch(
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
            Unavailable: the connection broke, or nothing came for two minutes.
        """
        query = {
            "watch": "1",
            "resourceVersion": since,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(timeout_seconds),
        } | ({"labelSelector": labels} if labels else {})
        return self._transport.stream(_collection(resource, "watch", namespace, query))

    async def create(self, key: Key, manifest: Mapping[str, Any]) -> Object:
        """Create an object.

        Raises:
            AlreadyExists: one of that name exists.
        """
        request = Request(
            attempt=_attempt("create", key),
            method="POST",
            path=path_of(key.resource, key.namespace),
            plural=key.resource.plural,
            query={"fieldManager": FIELD_MANAGER},
            body=manifest,
        )
        return await self._transport.call(request)

    async def apply(self, key: Key, manifest: Mapping[str, Any]) -> Object:
        """Apply an object server-side; fields that we applied before and leave out are removed."""
        # With force, since another client that has changed our field must not keep it.
        query = {"fieldManager": FIELD_MANAGER, "force": "true"}
        return await self._call_object(
            key, "apply", "PATCH", query=query, body=manifest, content_type=APPLY
        )

    async def merge(self, key: Key, patch: Mapping[str, Any]) -> Object:
        """Merge fields into an object.

        Raises:
            Conflict: the patch names a resourceVersion that is no longer the object's.
        """
        return await self._call_object(key, "merge into", "PATCH", body=patch, content_type=MERGE)

    async def replace_status(self, key: Key, obj: Mapping[str, Any]) -> Object:
        """Replace the status of an object, guarded by the resourceVersion in it.

        Raises:
            Conflict: the object has changed since.
        """
        return await self._call_object(key, "set the status of", "PUT", "status", body=obj)

    async def delete(self, key: Key, *, uid: str) -> Object:
        """Delete an object in the background, only while it has this uid.

        Returns:
            The object while it is being deleted, or a Status when it is deleted.

        Raises:
            NotFound: it is already deleted.
            Conflict: another object has its name now.
        """
        body = {"propagationPolicy": "Background", "preconditions": {"uid": uid}}
        return await self._call_object(key, "delete", "DELETE", body=body)

    async def _call_object(
        self, key: Key, verb: str, method: str, subresource: str = "", **parts: Any
    ) -> Object:
        return await self._transport.call(_request(key, verb, method, subresource, **parts))


def _request(key: Key, verb: str, method: str, subresource: str = "", **parts: Any) -> Request:
    path = path_of(key.resource, key.namespace, key.name)
    path += f"/{subresource}" if subresource else ""
    plural = key.resource.plural
    return Request(attempt=_attempt(verb, key), method=method, path=path, plural=plural, **parts)


def _collection(
    resource: Resource, verb: str, namespace: str | None, query: Mapping[str, str]
) -> Request:
    attempt = f"{verb} {resource.plural}" + (f" in {namespace}" if namespace else "")
    path = path_of(resource, namespace)
    return Request(attempt=attempt, method="GET", path=path, plural=resource.plural, query=query)


def _attempt(verb: str, key: Key) -> str:
    place = f"{key.namespace}/{key.name}" if key.namespace else key.name
    return f"{verb} {key.resource.kind} {place}"


def _typed(item: Object, resource: Resource) -> Object:
    """Give an item of a list the apiVersion and kind that the server leaves out there."""
    item.setdefault("apiVersion", resource.api_version)
    item.setdefault("kind", resource.kind)
    return item

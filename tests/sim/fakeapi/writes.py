"""Creates, updates, patches and deletes, as the real server understands them."""

import asyncio
import json
import re
from typing import Any

from aiohttp import web
from plumbline.api.objects import Key

from tests.sim.fakeapi.refusal import Refusal, invalid
from tests.sim.fakeapi.requests import Asked
from tests.sim.fakeapi.store import Store

Object = dict[str, Any]
NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
PATCHES = ("application/merge-patch+json", "application/apply-patch+yaml")


class Writes:
    """Carries out writes on the store."""

    def __init__(self, store: Store, *, with_status: set[str]) -> None:
        self._store, self._with_status = store, with_status

    async def answer(self, asked: Asked, request: web.Request) -> tuple[int, Object]:
        """Return the status and the body of the answer."""
        body = json.loads(await request.read() or b"{}")
        if asked.verb == "delete":
            return 200, self._delete(asked, body)
        if asked.verb == "create":
            return 201, self._create(asked, body)
        known = asked.key in self._store.objects
        return (200 if known else 201), self._change(asked, body, request)

    def _create(self, asked: Asked, body: Object) -> Object:
        name = body["metadata"].get("name")
        if not name:
            raise invalid("metadata.name: Required value: name or generateName is required")
        if not NAME.fullmatch(name):
            raise invalid(f'metadata.name: Invalid value: "{name}": must be a DNS subdomain')
        if body.get("kind") != asked.resource.kind:
            raise Refusal(400, "BadRequest", f"the body is a {body.get('kind')}")
        key = Key(asked.resource, asked.namespace, name)
        made = self._store.create(key, body, with_status=self._has_status(asked))
        self._collect_later()
        return made

    def _change(self, asked: Asked, body: Object, request: web.Request) -> Object:
        with_status = self._has_status(asked)
        part = "status" if asked.part == "status" else "spec"
        if asked.verb == "update":
            return self._store.replace(asked.key, body, part=part, with_status=with_status)
        if request.content_type not in PATCHES:
            raise Refusal(415, "UnsupportedMediaType", f"not served: {request.content_type}")
        if request.content_type == PATCHES[0]:
            return self._store.merge(asked.key, body, part=part, with_status=with_status)
        manager = asked.query.get("fieldManager")
        if not manager:
            raise Refusal(400, "BadRequest", "fieldManager is required for apply patch")
        done = self._store.apply(asked.key, body, manager, with_status=with_status)
        self._collect_later()
        return done

    def _delete(self, asked: Asked, body: Object) -> Object:
        going = self._store.delete(asked.key, body.get("preconditions") or {})
        self._collect_later()
        details = {"name": asked.name, "kind": asked.resource.plural}
        gone = {"kind": "Status", "apiVersion": "v1", "status": "Success", "details": details}
        return going or gone

    def _has_status(self, asked: Asked) -> bool:
        return asked.resource.plural in self._with_status

    def _collect_later(self) -> None:
        """Collect garbage in the background, generation by generation."""

        def collect() -> None:
            if self._store.collect_garbage():
                asyncio.get_running_loop().call_soon(collect)

        asyncio.get_running_loop().call_soon(collect)

"""Lists in pages: every page shows the world as it was when the first one was read."""

import base64
import json
from typing import Any

from plumbline.api.objects import Resource

from tests.sim.fakeapi.refusal import Refusal
from tests.sim.fakeapi.requests import Asked
from tests.sim.fakeapi.selectors import matches
from tests.sim.fakeapi.store import Store

Object = dict[str, Any]


class Lists:
    """Answers lists, and remembers those that were not read to their end."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._begun: dict[tuple[str, Resource, str, str], list[Object]] = {}

    def expire(self) -> None:
        """Forget the lists that were begun, as compaction does."""
        self._begun.clear()

    def page(self, asked: Asked) -> Object:
        limit = int(asked.query.get("limit") or 0)
        if token := asked.query.get("continue"):
            version, start = json.loads(base64.b64decode(token))
            if (version, *_place(asked)) not in self._begun:
                raise Refusal(410, "Expired", "The provided continue parameter is too old")
            return self._cut(asked, self._begun[version, *_place(asked)], version, start, limit)
        version = str(self._store.version)
        items = self._store.list(asked.resource, asked.namespace)
        found = [item for item in items if matches(item, asked.selector)]
        return self._cut(asked, found, version, 0, limit)

    def _cut(
        self, asked: Asked, items: list[Object], version: str, start: int, limit: int
    ) -> Object:
        end = start + limit if limit else len(items)
        metadata = {"resourceVersion": version}
        if end < len(items):
            self._begun[version, *_place(asked)] = items
            metadata["continue"] = base64.b64encode(json.dumps([version, end]).encode()).decode()
        return {
            "kind": f"{asked.resource.kind}List",
            "apiVersion": asked.resource.api_version,
            "metadata": metadata,
            "items": [_untyped(item) for item in items[start:end]],
        }


def _place(asked: Asked) -> tuple[Resource, str, str]:
    return asked.resource, asked.namespace, asked.selector


def _untyped(item: Object) -> Object:
    """The real server leaves kind and apiVersion out of the items of built-in kinds."""
    return {key: value for key, value in item.items() if key not in ("kind", "apiVersion")}

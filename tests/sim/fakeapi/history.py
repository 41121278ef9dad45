"""What has happened, in order, for as long as the server remembers it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from plumbline.api.objects import Resource

from tests.sim.fakeapi.refusal import too_old
from tests.sim.fakeapi.selectors import matches

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One write: the object before and after; None where there was none."""

    version: int
    resource: Resource
    old: Object | None
    new: Object | None

    def seen_by(self, namespace: str, selector: str) -> Object | None:
        """Return the watch event for one watcher, or None when it is none of its business."""
        before = self.old if self.old and _concerns(self.old, namespace, selector) else None
        after = self.new if self.new and _concerns(self.new, namespace, selector) else None
        if after:
            return {"type": "MODIFIED" if before else "ADDED", "object": after}
        if before:
            metadata = {**before["metadata"], "resourceVersion": str(self.version)}
            return {"type": "DELETED", "object": {**before, "metadata": metadata}}
        return None


def _concerns(obj: Object, namespace: str, selector: str) -> bool:
    here = not namespace or obj["metadata"].get("namespace") == namespace
    return here and matches(obj, selector)


class History:
    """A window of changes."""

    def __init__(self, *, window: int = 100_000) -> None:
        self._changes: list[Change] = []
        self._window, self._forgotten = window, 0
        self._news = asyncio.Event()

    def add(self, change: Change) -> None:
        self._changes.append(change)
        if len(self._changes) > self._window:
            self.forget(before=self._changes[-self._window].version)
        self.wake()

    def wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def forget(self, *, before: int) -> None:
        """Compact: a watch from before this version is too old."""
        self._forgotten = max(self._forgotten, before)
        self._changes = [c for c in self._changes if c.version >= before]

    def since(self, version: int, resource: Resource) -> Iterator[Change]:
        """Yield what has changed after a version; a Refusal when that is no longer known."""
        if version < self._forgotten:
            raise too_old()
        start = len(self._changes)
        while start and self._changes[start - 1].version > version:
            start -= 1
        return (c for c in self._changes[start:] if c.resource == resource)

    async def wait(self, seconds: float) -> None:
        """Return when something has happened or the time is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

"""The API server as the operator sees it: its rules, its refusals, and how a leader dies."""

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from plumbline.api.objects import Key
from plumbline.api.resources import CONFIG_MAP, SERVICE
from plumbline.kube.errors import Unavailable, error_of
from plumbline.kube.events import EVENT

from tests.sim.fakeapi.refusal import Refusal
from tests.sim.fakeapi.store import Store

Object = dict[str, Any]
MANAGER = "plumbline"


class Crash(BaseException):
    """The operator's process has ended amid its work."""


@dataclass(frozen=True, slots=True)
class Write:
    """One write of the operator's."""

    verb: str
    key: Key
    body: Object
    before: Object | None

    def __str__(self) -> str:
        return f"{self.verb} {self.key.resource.kind} {self.key.name}"


class Said(NamedTuple):
    """An Event."""

    reason: str
    message: str


class Api:
    """The verbs of the client on a store in memory.

    Attributes:
        writes: what the operator has written, Events aside.
        said: the Events.
        crash_after: after how many more writes the operator's process ends; None for never.
        faults: writes that go wrong next: "lost" is not done, "unsure" is done without an answer.
        before_write: told of each write before it is done.
    """

    def __init__(self, store: Store, before_write: Callable[[Write], None]) -> None:
        self.store, self.before_write = store, before_write
        self.writes: list[Write] = []
        self.said: list[Said] = []
        self.crash_after: int | None = None
        self.faults: deque[str] = deque()

    async def get(self, key: Key) -> Object:
        return self._answer("get", key, lambda: self.store.get(key))

    async def create(self, key: Key, manifest: Mapping[str, Any]) -> Object:
        if key.resource == EVENT:
            self.said.append(Said(manifest["reason"], manifest["message"]))
            return dict(manifest)
        body = _wire(manifest)
        made = lambda: self.store.create(key, body, with_status=has_status(key))  # noqa: E731
        return self._write("create", key, body, made)

    async def apply(self, key: Key, manifest: Mapping[str, Any]) -> Object:
        body = _wire(manifest)
        status = has_status(key)
        done = lambda: self.store.apply(key, body, MANAGER, with_status=status)  # noqa: E731
        return self._write("apply", key, body, done)

    async def replace_status(self, key: Key, obj: Mapping[str, Any]) -> Object:
        body = _wire(obj)
        done = lambda: self.store.replace(key, body, part="status", with_status=True)  # noqa: E731
        return self._write("status of", key, body, done)

    async def delete(self, key: Key, *, uid: str) -> Object:
        done = lambda: self.store.delete(key, {"uid": uid}) or {"kind": "Status"}  # noqa: E731
        return self._write("delete", key, {"uid": uid}, done)

    def _write(self, verb: str, key: Key, body: Object, do: Callable[[], Object]) -> Object:
        if self.crash_after == 0:
            raise Crash
        fault = self.faults.popleft() if self.faults else ""
        if fault == "lost":
            raise Unavailable(f"{verb} {key.name}: the request was lost")
        write = Write(verb, key, body, self.store.objects.get(key))
        self.before_write(write)
        answer = self._answer(verb, key, do)
        self.writes.append(write)
        if self.crash_after is not None:
            self.crash_after -= 1
        if fault == "unsure":
            raise Unavailable(f"{verb} {key.name}: the answer was lost")
        return answer

    def _answer(self, verb: str, key: Key, do: Callable[[], Object]) -> Object:
        try:
            return do()
        except Refusal as refusal:
            what = f"{verb} {key.resource.kind} {key.name}"
            raise error_of(refusal.code, refusal.reason, str(refusal), attempt=what) from refusal


def has_status(key: Key) -> bool:
    """Whether objects of this kind have a status of their own."""
    return key.resource not in (SERVICE, CONFIG_MAP)


def _wire(manifest: Mapping[str, Any]) -> Object:
    """Return the manifest as it arrives: as JSON, with nothing shared."""
    found: Object = json.loads(json.dumps(manifest))
    return found

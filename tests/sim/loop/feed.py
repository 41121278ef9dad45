"""The watches: every change of the store in order, until a story lets some of them be lost."""

from collections import deque
from typing import Any

from plumbline.api import names
from plumbline.api.objects import Key
from plumbline.engine.cache import Cache
from plumbline.plan.registry import OTHERS, OURS

from tests.sim.fakeapi.history import Change
from tests.sim.fakeapi.selectors import matches
from tests.sim.fakeapi.store import Store

CHILDREN_OF_OURS = f"{names.MANAGED_BY}={names.MANAGER}"
Object = dict[str, Any]


class Feed:
    """Changes that the operator has not heard of yet.

    Attributes:
        deaf: whether changes are lost from now on, until everything is listed again.
        lags: whether changes come one by one, between passes over what is known so far.
        recent: the newest changes in words.
    """

    def __init__(self) -> None:
        self.waiting: deque[Change] = deque()
        self.recent: deque[str] = deque(maxlen=30)
        self.deaf = self.lags = False

    @property
    def is_behind(self) -> bool:
        """Whether the operator may not know everything."""
        return self.deaf or bool(self.waiting)

    def add(self, change: Change) -> None:
        """Take in a change, as the store's history does."""
        self.recent.append(_words(change))
        if not self.deaf:
            self.waiting.append(change)

    def deliver(self, cache: Cache) -> None:
        """Tell the cache of what has happened."""
        for _ in range(1 if self.lags else len(self.waiting)):
            if not self.waiting:
                return
            change = self.waiting.popleft()
            if event := _event(change):
                key = key_of(change.resource, event["object"])
                if event["type"] == "DELETED":
                    cache.forget_deleted(key, event["object"])
                else:
                    cache.observe(key, event["object"])


def list_all(store: Store, cache: Cache) -> None:
    """Tell the cache of everything that there is, and of what is gone, as a list does."""
    for resource in (*OURS, *OTHERS):
        found = {key_of(resource, obj): obj for obj in store.list(resource, "")}
        mine = {k: obj for k, obj in found.items() if matches(obj, _selector(resource))}
        for key, obj in mine.items():
            cache.observe(key, obj)
        for key in cache.keys(resource) - mine.keys():
            cache.forget_absent(key, as_of=str(store.version))


def key_of(resource: Any, obj: Object) -> Key:
    """Return the key of an object."""
    return Key(resource, obj["metadata"]["namespace"], obj["metadata"]["name"])


def _event(change: Change) -> Object | None:
    watched = change.resource in (*OURS, *OTHERS)
    return change.seen_by("", _selector(change.resource)) if watched else None


def _selector(resource: Any) -> str:
    return "" if resource in OURS else CHILDREN_OF_OURS


def _words(change: Change) -> str:
    obj = change.new or change.old or {}
    what = "changed" if change.old and change.new else "made" if change.new else "gone"
    parts = ""
    if change.old and change.new:
        old, new = change.old, change.new
        parts = " in " + ", ".join(k for k in new if new[k] != old.get(k) and k != "metadata")
    return f"{change.resource.kind} {obj['metadata']['name']} {what}{parts}"

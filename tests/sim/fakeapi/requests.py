"""What a request asks for: the verb, the resource, the object, and the part of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web
from plumbline.api.objects import Key, Resource

from tests.sim.fakeapi.faults import Call
from tests.sim.fakeapi.refusal import Refusal

PATH = re.compile(
    r"/(?:api/(?P<core>v1)|apis/(?P<group>[^/]+)/(?P<version>[^/]+))"
    r"(?:/namespaces/(?P<namespace>[^/]+))?/(?P<plural>[^/]+)"
    r"(?:/(?P<name>[^/]+)(?:/(?P<part>[^/]+))?)?"
)
VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, read."""

    verb: str
    resource: Resource
    namespace: str
    name: str
    part: str
    query: Mapping[str, str]

    @property
    def key(self) -> Key:
        return Key(self.resource, self.namespace, self.name)

    @property
    def selector(self) -> str:
        return self.query.get("labelSelector", "")

    @property
    def call(self) -> Call:
        verb = f"{self.verb}_status" if self.part == "status" else self.verb
        return Call(verb, self.resource.plural, self.namespace, self.name)


def read(request: web.Request, resources: Mapping[tuple[str, str, str], Resource]) -> Asked:
    """Return what a request asks for; a Refusal when no such resource is served."""
    found = PATH.fullmatch(request.path)
    known = found and resources.get(
        (found["group"] or "", found["core"] or found["version"], found["plural"])
    )
    if not found or not known:
        raise Refusal(404, "NotFound", "the server could not find the requested resource")
    verb = VERBS.get(request.method) or ("get" if found["name"] else "list")
    if verb == "list" and request.query.get("watch") in ("1", "true"):
        verb = "watch"
    return Asked(
        verb,
        known,
        found["namespace"] or "",
        found["name"] or "",
        found["part"] or "",
        request.query,
    )

"""What the server says about what it serves."""

import re
from collections.abc import Iterable
from typing import Any

from plumbline.api.objects import Resource

Object = dict[str, Any]
GROUP_VERSION = re.compile(r"/(?:api/(?P<core>v1)|apis/(?P<group>[^/]+)/(?P<version>[^/]+))")


def discover(path: str, resources: Iterable[Resource]) -> Object | None:
    """Return the discovery document at this path, if it is one."""
    if path == "/version":
        return {"major": "1", "minor": "37", "gitVersion": "v1.37.0-fake"}
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        groups = {(r.group, r.version) for r in resources if r.group}
        return {"kind": "APIGroupList", "groups": [_group(*each) for each in sorted(groups)]}
    if found := GROUP_VERSION.fullmatch(path):
        group, version = found["group"] or "", found["core"] or found["version"]
        served = [r for r in resources if (r.group, r.version) == (group, version)]
        name = f"{group}/{version}".lstrip("/")
        kinds = [entry for resource in served for entry in _resource(resource)]
        return {"kind": "APIResourceList", "groupVersion": name, "resources": kinds}
    return None


def _group(group: str, version: str) -> Object:
    one = {"groupVersion": f"{group}/{version}", "version": version}
    return {"name": group, "versions": [one], "preferredVersion": one}


def _resource(resource: Resource) -> list[Object]:
    verbs = ["create", "delete", "get", "list", "patch", "update", "watch"]
    shared = {"kind": resource.kind, "namespaced": True, "singularName": ""}
    return [
        {**shared, "name": resource.plural, "verbs": verbs},
        {**shared, "name": f"{resource.plural}/status", "verbs": ["get", "patch", "update"]},
    ]

"""Objects of the cluster as values: their resources, their keys and their content."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True, order=True)
class Resource:
    """A kind as the API server addresses it, such as `Resource("batch", "v1", "Job", "jobs")`."""

    group: str
    version: str
    kind: str
    plural: str

    @property
    def api_version(self) -> str:
        """`batch/v1`, or `v1` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """The name of one object in the world."""

    resource: Resource
    namespace: str
    name: str

    @property
    def about(self) -> dict[str, str]:
        """The keys and values of a log line about the object."""
        return {"kind": self.resource.kind, "namespace": self.namespace, "name": self.name}


def is_leaving(obj: Manifest) -> bool:
    """Tell whether somebody has already deleted an object that is still there."""
    return bool(obj["metadata"].get("deletionTimestamp"))

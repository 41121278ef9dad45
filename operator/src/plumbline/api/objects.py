"""What names an object of the cluster (Resource and Key), and its content (Manifest)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True, order=True)
class Resource:
    """A kind in the API server, such as `Resource("batch", "v1", "Job", "jobs")`."""

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
    """Resource, namespace and name of one object."""

    resource: Resource
    namespace: str
    name: str

    @property
    def log_fields(self) -> dict[str, str]:
        """The fields of a log line that name the object."""
        return {"kind": self.resource.kind, "namespace": self.namespace, "name": self.name}


def is_leaving(obj: Manifest) -> bool:
    """Return whether an object is being deleted."""
    return bool(obj["metadata"].get("deletionTimestamp"))

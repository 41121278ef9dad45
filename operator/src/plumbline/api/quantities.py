"""Amounts of CPU, memory and disk, written as in any Kubernetes object."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from plumbline.api.meta import Model

PATTERN = r"^([0-9]+(\.[0-9]*)?|\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?$"


def _as_text(value: Any) -> Any:
    """Return a whole number as text; YAML reads `cpu: 2` as a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Quantity = Annotated[
    str,
    Field(
        max_length=32,
        pattern=PATTERN,
        json_schema_extra={"x-kubernetes-int-or-string": True, "minimum": 0},
    ),
    BeforeValidator(_as_text),
]


class Resources(Model):
    """Compute resources of a container. CPU is requested but not limited; for memory and disk the limit equals the request."""

    cpu: Quantity = "500m"
    """CPU request, such as 500m or 2; CPU is not limited."""
    memory: Quantity = "1Gi"
    """Memory request and limit."""
    ephemeral_storage: Quantity = "4Gi"
    """Request and limit of local disk, which holds data and model."""

"""ConfigMaps that hold what a Job is asked to do; never changed once made."""

from collections.abc import Mapping

from plumbline.api.objects import Manifest
from plumbline.api.resources import CONFIG_MAP


def frozen(metadata: Manifest, content: Mapping[str, str]) -> Manifest:
    """Return a ConfigMap that the API server keeps from being edited."""
    return {
        "apiVersion": CONFIG_MAP.api_version,
        "kind": CONFIG_MAP.kind,
        "metadata": metadata,
        "immutable": True,
        "data": dict(content),
    }

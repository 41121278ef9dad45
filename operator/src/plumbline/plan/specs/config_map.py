"""Immutable ConfigMaps with the task of a Job."""

from collections.abc import Mapping

from plumbline.api.objects import Manifest
from plumbline.api.resources import CONFIG_MAP


def frozen(metadata: Manifest, content: Mapping[str, str]) -> Manifest:
    """Return an immutable ConfigMap."""
    return {
        "apiVersion": CONFIG_MAP.api_version,
        "kind": CONFIG_MAP.kind,
        "metadata": metadata,
        "immutable": True,
        "data": dict(content),
    }

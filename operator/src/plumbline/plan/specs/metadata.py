"""Metadata of every child: deterministic name, standard labels, one controlling owner."""

from collections.abc import Mapping

from plumbline.api import names
from plumbline.api.meta import ObjectMeta
from plumbline.api.objects import Manifest, Resource

NAME, PART_OF = "app.kubernetes.io/name", "app.kubernetes.io/part-of"


def labels(component: str, **extra: str) -> dict[str, str]:
    """Return the standard labels of a child with this component."""
    standard = {
        NAME: f"{names.MANAGER}-{component}",
        PART_OF: names.MANAGER,
        names.COMPONENT: component,
        names.MANAGED_BY: names.MANAGER,
    }
    return standard | extra


def owner_reference(resource: Resource, owner: ObjectMeta) -> Manifest:
    """Return the reference that makes `owner` the controller of a child."""
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "name": owner.name,
        "uid": owner.uid,
        "controller": True,
        # Else deleting an owner in the foreground would wait for its children.
        "blockOwnerDeletion": False,
    }


def child(
    name: str,
    *,
    resource: Resource,
    owner: ObjectMeta,
    labels: Mapping[str, str],
    annotations: Mapping[str, str] | None = None,
) -> Manifest:
    """Return the metadata of a child of `owner`, which is a `resource`."""
    return {
        "name": name,
        "namespace": owner.namespace,
        "labels": dict(labels),
        **({"annotations": dict(annotations)} if annotations else {}),
        "ownerReferences": [owner_reference(resource, owner)],
    }


def is_owned(child: Manifest, owner: ObjectMeta) -> bool:
    """Return whether `owner` controls this live child."""
    references = child["metadata"].get("ownerReferences", ())
    return any(ref.get("controller") and ref.get("uid") == owner.uid for ref in references)

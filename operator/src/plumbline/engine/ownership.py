"""Whose an object is: a plan's child, somebody else's, or left by an earlier owner."""

from collections.abc import Mapping
from typing import Any

from plumbline.api.objects import Key, Manifest

MANAGED_BY = "app.kubernetes.io/managed-by"
Reference = Mapping[str, Any]


class NameConflict(Exception):
    """A child's name is taken by an object that is not ours; it is never seized."""


class Leftover(Exception):
    """A child's name is taken by a child of a deleted owner, which the cluster will remove."""


def check_ours(key: Key, live: Manifest, wanted: Manifest) -> None:
    """Let through what has the controller that we would give it, or our label if it needs none.

    Raises:
        NameConflict: it belongs to somebody else.
        Leftover: it belongs to an owner of the same name that no longer exists.
    """
    has, needs = controller_of(live), controller_of(wanted)
    if has.get("uid") == needs.get("uid") and (needs or _label(live) == _label(wanted)):
        return
    where = f"{key.resource.kind} {key.namespace}/{key.name}"
    if needs and all(has.get(field) == needs.get(field) for field in ("kind", "name")):
        raise Leftover(f"{where} still belongs to an earlier {has['kind']} {has['name']}")
    raise NameConflict(
        f"{where} exists and belongs to {_describe(has, live)}: delete it or choose another name"
    )


def controller_of(obj: Manifest) -> Reference:
    """Return the reference to the controlling owner, empty when there is none."""
    for reference in obj["metadata"].get("ownerReferences", ()):
        if reference.get("controller"):
            return dict(reference)
    return {}


def _label(obj: Manifest) -> str | None:
    label: str | None = obj["metadata"].get("labels", {}).get(MANAGED_BY)
    return label


def _describe(controller: Reference, live: Manifest) -> str:
    if controller:
        return f"{controller.get('kind')} {controller.get('name')}"
    return _label(live) or "nobody that we know"

"""The owner of an object: the planned object, another one, or an earlier one of the same name."""

from collections.abc import Mapping
from typing import Any

from plumbline.api import names
from plumbline.api.objects import Key, Manifest

Reference = Mapping[str, Any]


class NameConflict(Exception):
    """An object of another owner has the name of a wanted child; it is never overwritten."""


class Leftover(Exception):
    """A child of an earlier, deleted owner has the name of a wanted child; it will be removed."""


def check_ours(key: Key, live: Manifest, wanted: Manifest) -> None:
    """Check that a live object has the wanted owner, or our label if it needs no owner.

    Raises:
        NameConflict: it has another owner.
        Leftover: it belongs to a deleted owner of the same name.
    """
    has, needs = controller_of(live), controller_of(wanted)
    # A child without an owner, such as a run that a monitor starts, is known by our label.
    if has.get("uid") == needs.get("uid") and (needs or _label(live) == _label(wanted)):
        return
    where = f"{key.resource.kind} {key.namespace}/{key.name}"
    if needs and all(has.get(field) == needs.get(field) for field in ("kind", "name")):
        raise Leftover(f"{where} still belongs to an earlier {has['kind']} {has['name']}.")
    raise NameConflict(
        f"{where} exists and belongs to {_describe(has, live)}. Delete it or choose another name."
    )


def controller_of(obj: Manifest) -> Reference:
    """Return the reference to the controlling owner, empty when there is none."""
    for reference in obj["metadata"].get("ownerReferences", ()):
        if reference.get("controller"):
            return dict(reference)
    return {}


def _label(obj: Manifest) -> str | None:
    label: str | None = obj["metadata"].get("labels", {}).get(names.MANAGED_BY)
    return label


def _describe(controller: Reference, live: Manifest) -> str:
    if controller:
        return f"{controller.get('kind')} {controller.get('name')}"
    return _label(live) or "something else"

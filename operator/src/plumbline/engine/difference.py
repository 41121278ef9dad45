"""Compares a live object with the desired one, without server defaults and fields of others.

Only desired fields are compared. Lists of named items are compared by name, because the server and
other controllers may add items; quantities are compared by amount. A field that is no longer
desired is not found here, but by the digest that `effects` writes on every object.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from plumbline.engine.quantities import are_equal

# Fields that name the items of a list, as the API's own merge keys do; the first that fits counts.
MERGE_KEYS = (
    ("name",),
    ("containerPort", "protocol"),
    ("port", "protocol"),
    ("mountPath",),
    ("devicePath",),
    ("topologyKey", "whenUnsatisfiable"),
    ("uid",),
    ("type",),
    ("key",),
    ("ip",),
)
DEFAULTS = {"protocol": "TCP"}
# Fields that are a quantity in every object.
QUANTITIES = frozenset({"sizeLimit", "divisor", "storage"})
# Fields whose values are all quantities: maps of resources, and `target` of an autoscaler.
QUANTITY_PARENTS = frozenset({"requests", "limits", "capacity", "hard", "overhead", "target"})
Path = tuple[str, ...]


def is_as_desired(live: Any, desired: Any) -> bool:
    """Return whether every desired field is in the live object with the same value."""
    return next(differences(live, desired), None) is None


def differences(live: Any, desired: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of each desired field that the live object lacks or has otherwise."""
    if _is_empty(desired):
        if not _is_empty(live):
            yield path
    elif isinstance(desired, Mapping):
        yield from _in_map(live if isinstance(live, Mapping) else {}, desired, path)
    elif _is_list(desired):
        yield from _in_list(live if _is_list(live) else (), desired, path)
    elif live != desired and not (_holds_quantity(path) and are_equal(live, desired)):
        yield path


def _in_map(live: Mapping[str, Any], desired: Mapping[str, Any], path: Path) -> Iterator[Path]:
    for key, value in desired.items():
        yield from differences(live.get(key), value, (*path, key))


def _in_list(live: Sequence[Any], desired: Sequence[Any], path: Path) -> Iterator[Path]:
    keys = _merge_keys(desired)
    if keys is None:
        if len(live) != len(desired):
            yield path
            return
        for number, (one, other) in enumerate(zip(live, desired, strict=True)):
            yield from differences(one, other, (*path, str(number)))
        return
    named = {_name(item, keys): item for item in live if isinstance(item, Mapping)}
    for item in desired:
        name = _name(item, keys)
        yield from differences(named.get(name), item, (*path, str(name[0])))
    if not _same_order(named, [_name(item, keys) for item in desired]):
        yield path


def _merge_keys(items: Sequence[Any]) -> tuple[str, ...] | None:
    """Return the fields that give each item its own name, or None if no fields do."""
    for keys in MERGE_KEYS:
        named = all(isinstance(item, Mapping) and keys[0] in item for item in items)
        if named and len({_name(item, keys) for item in items}) == len(items):
            return keys
    return None


def _name(item: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(item.get(key) or DEFAULTS.get(key) for key in keys)


def _same_order(named: Mapping[Any, Any], wanted: Sequence[Any]) -> bool:
    """Return whether the wanted items that exist stand in the wanted order."""
    known = set(wanted)
    return [name for name in named if name in known] == [name for name in wanted if name in named]


def _holds_quantity(path: Path) -> bool:
    *_, parent, field = ("", "", *path)
    return field in QUANTITIES or parent in QUANTITY_PARENTS


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | Mapping | Sequence) and len(value) == 0)

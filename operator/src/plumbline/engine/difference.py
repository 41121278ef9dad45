"""Whether a live object already is as desired, server defaults and other people's fields aside.

Only desired fields are compared. Lists of named items are compared by name, because the server and
other controllers may add items of their own; quantities are compared by value.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

NAMES = ("name", "mountPath", "containerPort", "port", "type", "key", "ip", "topologyKey")
QUANTITY_FIELDS = {"requests", "limits", "capacity", "hard"}
QUANTITY_KEYS = {"sizeLimit", "divisor", "storage"}
SUFFIXES: dict[str, Decimal | int] = {
    **{"": 1, "m": Decimal("0.001"), "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12},
    **{"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40},
}


def is_as_desired(live: Any, desired: Any, *, quantity: bool = False) -> bool:
    """Return whether every desired field is in the live object with the same value."""
    if _is_empty(desired):
        return _is_empty(live)
    if isinstance(desired, Mapping):
        return isinstance(live, Mapping) and all(
            is_as_desired(live.get(key), value, quantity=key in QUANTITY_KEYS or quantity)
            if key not in QUANTITY_FIELDS
            else _quantities_equal(live.get(key), value)
            for key, value in desired.items()
        )
    if isinstance(desired, Sequence) and not isinstance(desired, str):
        return isinstance(live, Sequence) and _lists_equal(live, desired)
    return bool(live == desired) or (quantity and _amount(live) == _amount(desired))


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | Mapping | Sequence) and len(value) == 0)


def _lists_equal(live: Sequence[Any], desired: Sequence[Any]) -> bool:
    name = _name_of(desired)
    if name is None:
        return len(live) == len(desired) and all(map(is_as_desired, live, desired))
    named = {item[name]: item for item in live if isinstance(item, Mapping) and name in item}
    wanted = [item[name] for item in desired]
    in_order = [item for item in named if item in wanted] == wanted
    return in_order and all(is_as_desired(named[item[name]], item) for item in desired)


def _name_of(items: Sequence[Any]) -> str | None:
    """Return the field that names the items, or None when they have none."""
    for name in NAMES:
        if all(isinstance(item, Mapping) and name in item for item in items):
            values = [item[name] for item in items]
            return name if len(set(values)) == len(values) else None
    return None


def _quantities_equal(live: Any, desired: Any) -> bool:
    if _is_empty(desired):
        return _is_empty(live)
    if not isinstance(live, Mapping) or not isinstance(desired, Mapping):
        return is_as_desired(live, desired)
    return all(_amount(live.get(key)) == _amount(value) for key, value in desired.items())


def _amount(value: Any) -> Decimal | Any:
    """Return a Kubernetes quantity as a number, anything else as it is."""
    match = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", str(value))
    if not match or match[2] not in SUFFIXES:
        return value
    return Decimal(match[1]) * SUFFIXES[match[2]]

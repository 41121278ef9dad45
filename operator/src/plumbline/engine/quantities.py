"""Kubernetes quantities as numbers, so that 1000m and 1, or 1Gi and 1024Mi, are the same."""

import re
from decimal import Decimal
from typing import Any

NUMBER = re.compile(r"([+-]?[0-9]+(?:\.[0-9]*)?|[+-]?\.[0-9]+)(?:[eE]([+-]?[0-9]+)|([A-Za-z]*))")
SUFFIXES = {
    **{"n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("0.001"), "": Decimal(1)},
    **{s: Decimal(1000) ** (n + 1) for n, s in enumerate(("k", "M", "G", "T", "P", "E"))},
    **{s: Decimal(1024) ** (n + 1) for n, s in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"))},
}


def amount_of(value: Any) -> Decimal | None:
    """Return a quantity as a number; None when the value is not a quantity."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    match = NUMBER.fullmatch(str(value))
    if not match or (match[3] or "") not in SUFFIXES:
        return None
    return Decimal(match[1]) * SUFFIXES[match[3] or ""] * Decimal(10) ** int(match[2] or 0)


def are_equal(one: Any, other: Any) -> bool:
    """Return whether two quantities are the same amount."""
    amount = amount_of(one)
    return amount is not None and amount == amount_of(other)

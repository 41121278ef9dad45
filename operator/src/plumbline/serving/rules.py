"""Finds rows that break the schema: they are broken, which is something else than drift."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.contract.limits import widened
from plumbline.contract.model_json import Feature
from plumbline.contract.patterns import PatternRefused, matcher
from plumbline.log import get_logger

log = get_logger(__name__)

Mask = NDArray[np.bool_]
Check = Callable[[NDArray[Any]], Mask]


class Rules:
    """The checks of a model's features."""

    def __init__(self, features: Sequence[Feature]) -> None:
        """Check what these features declare."""
        self._checks = [
            (feature.name, rule, check) for feature in features for rule, check in _checks(feature)
        ]

    def broken(self, columns: Mapping[str, NDArray[Any]]) -> dict[str, Mask]:
        """Return the rows that break each rule, by `column/rule`; only rules that are broken."""
        found = {}
        for name, rule, check in self._checks:
            if (rows := check(columns[name])).any():
                found[f"{name}/{rule}"] = rows
        return found


def _checks(feature: Feature) -> list[tuple[str, Check]]:
    found: list[tuple[str, Check]] = []
    is_text = feature.type == "category"
    if not feature.nullable:
        found.append(("Null", _text_nulls if is_text else _number_nulls))
    if is_text:
        return found + _text_checks(feature)
    if feature.min is not None:
        low = widened(feature.min, up=False)
        found.append(("Min", lambda values: np.less(values, low)))
    if feature.max is not None:
        high = widened(feature.max, up=True)
        found.append(("Max", lambda values: np.greater(values, high)))
    if feature.type == "boolean":
        found.append(("Type", lambda values: (values == values) & (values != 0) & (values != 1)))
    if feature.integer:
        found.append(("Type", lambda values: (values == values) & (values != np.floor(values))))
    return found


def _text_checks(feature: Feature) -> list[tuple[str, Check]]:
    found: list[tuple[str, Check]] = []
    if values := feature.values:
        known = {None, *values}
        found.append(("Values", lambda texts: _mask(text not in known for text in texts)))
    if pattern := feature.pattern:
        found += _pattern_check(feature.name, pattern)
    return found


def _pattern_check(name: str, pattern: str) -> list[tuple[str, Check]]:
    try:
        whole = matcher(pattern)
    except PatternRefused as error:
        # A release that took this pattern made the model; its texts could take for ever.
        log.warning("pattern is not checked", feature=name, problem=str(error))
        return []
    return [("Pattern", lambda texts: _mask(t is not None and not whole(t) for t in texts))]


def _mask(found: Iterable[bool]) -> Mask:
    return np.fromiter(found, dtype=np.bool_)


def _number_nulls(values: NDArray[Any]) -> Mask:
    return np.asarray(np.isnan(values))


def _text_nulls(values: NDArray[Any]) -> Mask:
    return _mask(value is None for value in values)

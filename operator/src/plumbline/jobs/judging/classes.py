"""The classes of a model beside the values of its target, which may be written otherwise."""

import json
from collections.abc import Sequence
from typing import Any

import polars as pl

from plumbline.jobs.failures import JobFailed

_SHOWN = 5


def name_of(value: Any) -> str:
    """Return a class as text; 1.0 and 1 are the same class, and true is another one."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def check_classes(
    classes: Sequence[Any] | None, labels: pl.Series, *, target: str, personal: bool
) -> None:
    """Refuse a model whose classes are not values of the target: each row would count as wrong.

    Args:
        classes: of the model; None for a regression.
        labels: all values of the target.
        target: its name.
        personal: whether its values must not be shown.
    """
    known = {name_of(label) for label in labels.to_list()}
    other = [each for each in classes or () if name_of(each) not in known]
    if not other:
        return
    problem = f"{len(other)} of {len(classes or ())} classes of the model are not values"
    shown = "" if personal else f" ({_listed(other)})"
    having = "" if personal else f", which has {_listed(labels.sort().to_list())}"
    advice = "Fit the model on the column as it is in train.parquet"
    raise JobFailed("ClassesDiffer", f"{problem}{shown} of target {target}{having}. {advice}.")


def _listed(values: Sequence[Any]) -> str:
    more = ", ..." if len(values) > _SHOWN else ""
    return ", ".join(json.dumps(each, ensure_ascii=False)[:40] for each in values[:_SHOWN]) + more

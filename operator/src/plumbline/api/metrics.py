"""The facts about each metric. A new metric needs a line here and a function in `stats.intervals`.

The enums of the kinds, the check before a run starts, the judge and the statistics all read them.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

Task = Literal["Classification", "Regression"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What is known about a metric before it is measured.

    Attributes:
        name: the name in gates, manifests and statuses.
        task: the task that it applies to.
        classes: how many classes the target must have; None for any number.
        low: the smallest possible value.
        high: the largest possible value.
        lower_is_better: whether a smaller value is better.
        compares: whether a champion gate can use it.
        of_many: what it is measured on when there are more than two classes: whether the likeliest
            class is the right one, or the probability of the right one.
    """

    name: str
    task: Task = "Classification"
    classes: int | None = 2
    low: float = 0.0
    high: float = math.inf
    lower_is_better: bool = False
    compares: bool = True
    of_many: Literal["IsRight", "ChanceOfRight"] | None = None

    def fits(self, task: str, classes: int | None = None) -> bool:
        """Return whether the metric applies; `classes` is None while their number is unknown."""
        return self.task == task and (None in (self.classes, classes) or self.classes == classes)


_ALL = (
    Metric(name="auc", high=1.0),
    Metric(name="accuracy", high=1.0, classes=None, of_many="IsRight"),
    Metric(name="f1", high=1.0),
    Metric(name="precision", high=1.0, compares=False),
    Metric(name="recall", high=1.0, compares=False),
    Metric(name="brier", high=1.0, lower_is_better=True),
    Metric(name="log_loss", classes=None, lower_is_better=True, of_many="ChanceOfRight"),
    Metric(name="mae", task="Regression", classes=None, lower_is_better=True),
    Metric(name="rmse", task="Regression", classes=None, lower_is_better=True),
    Metric(name="r2", task="Regression", classes=None, low=-math.inf, high=1.0),
)
METRICS = {each.name: each for each in _ALL}


def fitting(task: str, classes: int | None = None) -> list[str]:
    """Return the metrics that apply; `classes` is None while their number is unknown."""
    return [each.name for each in METRICS.values() if each.fits(task, classes)]


def _gates() -> Iterator[str]:
    yield from METRICS


def _comparisons() -> Iterator[str]:
    yield from (each.name for each in METRICS.values() if each.compares)


def _of_gates(name: str) -> str:
    return _one_of(name, list(_gates()))


def _of_comparisons(name: str) -> str:
    return _one_of(name, list(_comparisons()))


def _one_of(name: str, known: list[str]) -> str:
    if name not in known:
        raise ValueError(f"{name[:40]!r} is not a metric; use one of {', '.join(known)}")
    return name


def _in_gates(schema: dict[str, Any]) -> None:
    *names, last = found = list(_gates())
    schema["enum"] = found
    schema["description"] = f"Name of the metric: {', '.join(names)} or {last}."


def _in_comparisons(schema: dict[str, Any]) -> None:
    schema["enum"] = list(_comparisons())


GateMetric = Annotated[str, AfterValidator(_of_gates), Field(json_schema_extra=_in_gates)]
ChampionMetric = Annotated[
    str, AfterValidator(_of_comparisons), Field(json_schema_extra=_in_comparisons)
]

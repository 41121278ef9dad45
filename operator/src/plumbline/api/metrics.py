"""The facts about each metric. A new metric needs a line here and a function in `stats.estimators`.

The enums of the kinds, the check before a run starts, the judge and the statistics all read them.
"""

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

Task = Literal["Classification", "Regression"]
# Equally good models, trained again, mostly pass with 1,000 held-out rows, and all with 10,000
# (docs/error-rates.md).
SCORE_MARGIN, ERROR_SHARE = 0.01, 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """The facts about a metric.

    Attributes:
        name: the name in gates, manifests and statuses.
        task: the task that it applies to.
        classes: how many classes the target must have; None for any number.
        low: the smallest possible value.
        high: the largest possible value.
        lower_is_better: whether a smaller value is better.
        compares: whether a champion gate can use it.
        of_many: how it measures a model with more than two classes: by whether the likeliest class
            is the right one, or by the probability of the right one. None if it does not apply
            to such a model.
        varies: whether the held-out rows must have at least two values of the target.
    """

    name: str
    task: Task = "Classification"
    classes: int | None = 2
    low: float = 0.0
    high: float = math.inf
    lower_is_better: bool = False
    compares: bool = True
    of_many: Literal["IsRight", "ChanceOfRight"] | None = None
    varies: bool = False

    def default_margin(self, champion: float) -> float:
        """Return how much worse than the champion a model may be if its gate does not say.

        An error has the unit of the target or depends on how rare a class is, so that only a share
        of the champion's own error means the same everywhere.
        """
        return ERROR_SHARE * abs(champion) if self.lower_is_better else SCORE_MARGIN

    def fits(self, task: str, classes: int | None = None) -> bool:
        """Return whether the metric applies; `classes` is None while their number is unknown."""
        return self.task == task and (None in (self.classes, classes) or self.classes == classes)


_ALL = (
    Metric(name="auc", high=1.0, varies=True),
    Metric(name="accuracy", high=1.0, classes=None, of_many="IsRight"),
    Metric(name="f1", high=1.0),
    Metric(name="precision", high=1.0, compares=False),
    Metric(name="recall", high=1.0, compares=False),
    Metric(name="brier", high=1.0, lower_is_better=True),
    Metric(name="log_loss", classes=None, lower_is_better=True, of_many="ChanceOfRight"),
    Metric(name="mae", task="Regression", classes=None, lower_is_better=True),
    Metric(name="rmse", task="Regression", classes=None, lower_is_better=True),
    Metric(name="r2", task="Regression", classes=None, low=-math.inf, high=1.0, varies=True),
)
METRICS = {each.name: each for each in _ALL}


def fitting(task: str, classes: int | None = None) -> list[str]:
    """Return the metrics that apply; `classes` is None while their number is unknown."""
    return [each.name for each in METRICS.values() if each.fits(task, classes)]


# Functions, not constants: a test adds a metric and expects it in all of them.
def _gate_names() -> list[str]:
    return list(METRICS)


def _champion_names() -> list[str]:
    return [each.name for each in METRICS.values() if each.compares]


def _check_gate_name(name: str) -> str:
    return _one_of(name, _gate_names())


def _check_champion_name(name: str) -> str:
    return _one_of(name, _champion_names())


def _one_of(name: str, known: list[str]) -> str:
    """Return the name; refuse one that is not known."""
    if name not in known:
        raise ValueError(f"{name[:40]!r} is not a metric; use one of {', '.join(known)}")
    return name


def _add_gate_schema(schema: dict[str, Any]) -> None:
    *names, last = _gate_names()
    schema["enum"] = [*names, last]
    schema["description"] = f"Name of the metric: {', '.join(names)} or {last}."


def _add_champion_schema(schema: dict[str, Any]) -> None:
    schema["enum"] = _champion_names()


GateMetric = Annotated[
    str, AfterValidator(_check_gate_name), Field(json_schema_extra=_add_gate_schema)
]
ChampionMetric = Annotated[
    str, AfterValidator(_check_champion_name), Field(json_schema_extra=_add_champion_schema)
]

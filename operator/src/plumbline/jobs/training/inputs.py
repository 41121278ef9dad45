"""What an estimator is given, as data: one input for each feature, in the words of model.json."""

from dataclasses import dataclass
from typing import Any


class NotCompilable(Exception):
    """The model holds something that the serving engines do not have."""


@dataclass(frozen=True, slots=True)
class Number:
    """One column: `(x or impute - mean) / scale`; without `impute`, NaN stays NaN."""

    feature: str
    impute: float | None = None
    mean: float = 0.0
    scale: float = 1.0

    def as_dict(self) -> dict[str, Any]:
        """Return the input as model.json holds it."""
        return {
            "feature": self.feature,
            "kind": "number",
            "impute": self.impute,
            "mean": self.mean,
            "scale": self.scale,
        }


@dataclass(frozen=True, slots=True)
class Ordinal:
    """One column: the place of a category; None stands for NaN in `unknown` and `missing`."""

    feature: str
    categories: tuple[str, ...]
    unknown: float | None
    missing: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the input as model.json holds it."""
        return {
            "feature": self.feature,
            "kind": "ordinal",
            "categories": list(self.categories),
            "unknown": self.unknown,
            "missing": self.missing,
        }


@dataclass(frozen=True, slots=True)
class OneHot:
    """One column for each category (None is one, if it was seen); all zero for an unknown one."""

    feature: str
    categories: tuple[str | None, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the input as model.json holds it."""
        return {"feature": self.feature, "kind": "onehot", "categories": list(self.categories)}


Input = Number | Ordinal | OneHot


def numbers(columns: list[Input], name: str) -> list[Number]:
    """Return the columns if they are numbers still, or say what cannot follow an encoder."""
    found = [column for column in columns if isinstance(column, Number)]
    if len(found) != len(columns):
        raise NotCompilable(f"{name} after an encoder has no compiled form")
    return found

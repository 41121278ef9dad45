"""Batches of rows. Those of one second are joined before counting, which is much faster."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.stats.bins import PREDICTION
from plumbline.stats.values import MOST_LOOKED_AT

TOGETHER = MOST_LOOKED_AT
Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Rows that came in one second.

    Attributes:
        second: of the epoch.
        columns: values by column.
        answers: the predictions; None if another pod made them.
    """

    second: int
    columns: Columns
    answers: NDArray[np.float64] | None

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self.columns.values())))


def gathered(batches: Iterable[RowBatch]) -> Iterator[RowBatch]:
    """Join successive batches of the same second, up to a number of rows."""
    group: list[RowBatch] = []
    rows = 0
    for batch in batches:
        if group and not (_alike(group[0], batch) and rows + batch.rows <= TOGETHER):
            yield _joined(group)
            group, rows = [], 0
        group.append(batch)
        rows += batch.rows
    if group:
        yield _joined(group)


def _alike(one: RowBatch, other: RowBatch) -> bool:
    return one.second == other.second and (one.answers is None) == (other.answers is None)


def _joined(group: Sequence[RowBatch]) -> RowBatch:
    if len(group) == 1:
        return group[0]
    columns = {
        name: np.concatenate([each.columns[name] for each in group]) for name in group[0].columns
    }
    answers = [each.answers for each in group if each.answers is not None]
    return RowBatch(group[0].second, columns, np.concatenate(answers) if answers else None)


def comparable(columns: Columns, wrong: Mapping[str, NDArray[np.bool_]]) -> dict[str, NDArray[Any]]:
    """Return the values that may be compared with the reference.

    A value that breaks the schema is an error of the sender, not drift, so it is left out. So is
    the prediction for its row.

    Args:
        columns: values by column, also the predictions.
        wrong: for each `column/rule`, the rows that break it.
    """
    found, rows = dict(columns), _wrong_by_column(wrong)
    for name, broken in rows.items():
        found[name] = found[name][~broken]
    if rows and PREDICTION in found:
        found[PREDICTION] = found[PREDICTION][~np.logical_or.reduce(list(rows.values()))]
    return found


def _wrong_by_column(wrong: Mapping[str, NDArray[np.bool_]]) -> dict[str, NDArray[np.bool_]]:
    found: dict[str, NDArray[np.bool_]] = {}
    for rule, rows in wrong.items():
        name = rule.rpartition("/")[0]
        found[name] = found[name] | rows if name in found else rows
    return found

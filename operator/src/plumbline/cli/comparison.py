"""Judges two tables: which columns of the second one have drifted or are broken.

The test is that of the DriftMonitor. Its level is not: it is for one comparison, with all columns
and windows of the tables together. How alike neighbouring rows are is learnt from the first table.

The second table is one window. If its rows have an order, its newest half, quarter, ... are windows
too: where rows are much alike, a long window varies so much that it shows less than short ones.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import numpy as np
import polars as pl

from plumbline.cli.references import COMPARED, batch, bins_of, cautious, values_of
from plumbline.cli.sight import NOTHING_SEEN, Sight, overdispersion, sight
from plumbline.cli.tables import Table, sliced
from plumbline.stats import drift, stuck
from plumbline.stats.bins import ColumnBins, Counts, Layout
from plumbline.stats.broken import Broken, null_jumps, violations
from plumbline.stats.count import count
from plumbline.stats.windows import Windows

# Rows of the shortest window.
SHORTEST = 64
Verdict = Literal["Drifted", "NotDrifted", "Broken", "Unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to compare.

    Attributes:
        level: probability that two tables without drift are called drifted.
        tolerate: population stability index up to which a difference is harmless.
        time: column with the time of the rows, for their order.
        independent: whether the order of the rows means nothing.
        columns: columns to compare; empty for all.
    """

    level: float
    tolerate: float
    time: str | None = None
    independent: bool = False
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnResult:
    """What was found in one column.

    Attributes:
        n: rows that were compared; values of another type are not.
        window: newest rows that show the drift; n if all of them do.
        nulls: missing values among them.
        unseen: values outside of the first table's range, or categories that it does not have.
        likeness: variance of so many rows, as a multiple of that of independent rows.
        score: population stability index minus its noise; None if it could not be computed.
        p: probability of such a difference without drift, in any window.
        sight: the smallest change that would be found.
        means: of a number, before and now.
        broken: rules that it breaks.
        bins: the cells of the first table.
        counts: rows of the second table in these cells.
    """

    name: str
    kind: Literal["number", "category"]
    n: int
    window: int
    nulls: int
    unseen: int
    likeness: float
    score: float | None
    p: float | None
    drifted: bool
    sight: Sight
    means: tuple[float, float] | None
    broken: tuple[Broken, ...]
    bins: ColumnBins
    counts: Counts

    @property
    def verdict(self) -> Verdict:
        """What follows. It is unknown if no change of usual size would be found."""
        if self.broken:
            return "Broken"
        if self.drifted:
            return "Drifted"
        return "NotDrifted" if self.sight.change is not None and self.p is not None else "Unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What was found in two tables.

    Attributes:
        columns: broken ones first, then drifted ones, then by p.
        missing: columns that the second table lacks.
        left_out: columns that cannot be compared, and why.
    """

    reference: Table
    current: Table
    settings: Settings
    columns: tuple[ColumnResult, ...]
    missing: tuple[str, ...]
    left_out: Mapping[str, str]

    @property
    def drifted(self) -> tuple[str, ...]:
        """Columns that have drifted."""
        return tuple(each.name for each in self.columns if each.verdict == "Drifted")

    @property
    def broken(self) -> tuple[Broken, ...]:
        """Rules that the second table breaks."""
        rows = self.current.frame.height
        gone = [
            Broken(column=each, rule="ColumnMissing", rows=rows, of=rows) for each in self.missing
        ]
        return (*gone, *(rule for each in self.columns for rule in each.broken))

    @property
    def unknown(self) -> tuple[str, ...]:
        """Columns of which nothing can be said."""
        return tuple(each.name for each in self.columns if each.verdict == "Unknown")


def compare(
    reference: Table, current: Table, settings: Settings, *, look: bool = True
) -> Comparison:
    """Compare two tables.

    Args:
        reference: the first one.
        current: the second one.
        settings: how.
        look: whether to try what could be seen, which takes most of the time.
    """
    every = dict.fromkeys([*reference.types, *current.types])
    wanted = settings.columns or tuple(each for each in every if each != settings.time)
    both = [each for each in wanted if each in reference.types and each in current.types]
    bins = [cautious(each) for each in bins_of(reference, both, order(reference, settings))]
    return Comparison(
        reference=reference,
        current=current,
        settings=settings,
        columns=tuple(sorted(_results(reference, current, bins, settings, look), key=_rank)),
        missing=tuple(each for each in wanted if each not in current.types),
        left_out={
            name: why
            for name in wanted
            if name in current.types
            and (why := _left_out(name, reference, {each.name for each in bins}))
        },
    )


def log_alpha(settings: Settings, columns: int, windows: int) -> float:
    """Return the natural logarithm of the level of one window; all share the level equally."""
    return math.log(settings.level / (max(1, columns) * windows))


def order(table: Table, settings: Settings) -> pl.Series | None:
    """Return what the rows of a table are in order of; None for nothing."""
    if settings.independent:
        return None
    if settings.time is not None:
        return table.frame[settings.time]
    return pl.int_range(table.frame.height, eager=True)


def _left_out(name: str, reference: Table, compared: set[str]) -> str:
    if name in compared:
        return ""
    if name not in reference.types:
        return f"{reference.name} does not have it"
    kind = reference.types[name]
    if kind is None:
        return f"{reference.name} has no value in it that can be compared"
    return "it is free text" if kind in COMPARED else "its values are times"


def _results(
    reference: Table, current: Table, bins: Sequence[ColumnBins], settings: Settings, look: bool
) -> list[ColumnResult]:
    layout = Layout(bins)
    if not bins:
        return []
    windows = _windows(current, layout, settings)
    alpha = log_alpha(settings, len(bins), len(windows.seconds))
    whole = Windows(windows.seconds[-1:], windows.sums[-1:])
    scores = _scores(layout, whole, windows, alpha, settings.tolerate)
    broken = _broken(layout, whole, current, log_alpha(settings, len(bins), 1))
    return [
        _result(
            each,
            whole.sums[0, layout.slices[each.name]],
            (values_of(reference, each), values_of(current, each)),
            scores.get(each.name),
            tuple(rule for rule in broken if rule.column == each.name),
            _Test(alpha, settings.tolerate, len(windows.seconds), look),
        )
        for each in layout.columns
    ]


class _Test(NamedTuple):
    """Level of a window, what is tolerated, how many windows, whether to try the sight."""

    log_alpha: float
    tolerate: float
    windows: int
    look: bool


def _windows(current: Table, layout: Layout, settings: Settings) -> Windows:
    """Return the counts of all rows and, if they have an order, of the newest half, quarter, ..."""
    rows = current.frame.height
    if settings.time is not None:
        current = sliced(current, current.frame[settings.time].arg_sort(nulls_last=False))
    halvings = 0 if settings.independent else max(0, int(math.log2(rows / SHORTEST)))
    sizes = sorted({rows >> halving for halving in range(halvings + 1)})
    ends = [rows - size for size in (0, *sizes)]
    parts = [
        count(layout, batch(sliced(current, slice(start, end)), layout))
        for end, start in pairwise(ends)
    ]
    return Windows(tuple(sizes), np.cumsum(parts, axis=0))


def _scores(
    layout: Layout, whole: Windows, windows: Windows, alpha: float, tolerate: float
) -> dict[str, drift.ColumnScore]:
    """Return the score of the whole window, or of a newest part that alone shows drift."""
    first, second = (
        {each.name: each for each in drift.score(layout, some, log_alpha=alpha, tolerate=tolerate)}
        for some in (whole, windows)
    )
    parts = {name: score for name, score in second.items() if score.alarm}
    return {**first, **{n: s for n, s in parts.items() if n not in first or not first[n].alarm}}


def _broken(layout: Layout, windows: Windows, current: Table, alpha: float) -> list[Broken]:
    rows = current.frame.height
    wrong = {(name, "Type"): int(bad.sum()) for name, bad in current.bad.items()}
    held = stuck.suspicions(layout, windows)
    return [
        *violations(wrong, rows=rows, log_alpha=alpha),
        *null_jumps(layout, windows, log_alpha=alpha),
        *stuck.value_jumps(held, log_alpha=alpha),
    ]


def _result(
    bins: ColumnBins,
    counts: Counts,
    values: tuple[Any, Any],
    score: drift.ColumnScore | None,
    broken: tuple[Broken, ...],
    test: _Test,
) -> ColumnResult:
    rows = int(counts.sum())
    numbers = bins.kind == "number" and rows > counts[-1]
    return ColumnResult(
        name=bins.name,
        kind=bins.kind,
        n=rows,
        window=score.rows if score else rows,
        nulls=int(counts[-1]),
        unseen=int(counts[list(bins.novel)].sum()),
        likeness=round(overdispersion(bins, rows), 2),
        score=None if score is None else score.score,
        p=None if score is None else min(1.0, test.windows * 10.0**score.log10_p),
        drifted=score is not None and score.alarm,
        sight=sight(bins, values[0], rows, log_alpha=test.log_alpha, tolerate=test.tolerate)
        if test.look
        else NOTHING_SEEN,
        means=(float(np.nanmean(values[0])), float(np.nanmean(values[1]))) if numbers else None,
        broken=broken,
        bins=bins,
        counts=counts,
    )


def _rank(found: ColumnResult) -> tuple[int, float, float]:
    place = {"Broken": 0, "Drifted": 1, "NotDrifted": 2, "Unknown": 3}[found.verdict]
    return place, 1.0 if found.p is None else found.p, -(found.score or 0.0)

"""The report of two tables for a terminal: a table, and what it means in sentences."""

from collections.abc import Iterable, Iterator, Sequence

from plumbline.cli.comparison import ColumnResult, Comparison
from plumbline.cli.sight import DEVIATIONS, POINTS, Sight
from plumbline.cli.tables import Table
from plumbline.jobs.data.violations import SHOWN_ROWS, counted, row_numbers
from plumbline.stats.text import number, percent

_HEADER = ("COLUMN", "KIND", "ROWS", "NULLS", "UNSEEN", "SCORE", "LIMIT", "P", "SEES", "VERDICT")
_NUMBERS = range(2, 8)
_ORDERS = {"file": "their order in the file", "independent": "no order: rows are independent"}
RULES = {
    "ColumnMissing": "is missing",
    "Type": "has values of another type",
    "NullJump": "has many more missing values",
    "ValueJump": "has one value in place of many",
}


def comparison(found: Comparison) -> str:
    """Return the report."""
    return "\n".join([*aligned(rows(found), _NUMBERS), "", *sentences(found)])


def rows(found: Comparison) -> list[tuple[str, ...]]:
    """Return the header, and a row per column."""
    return [_HEADER, *(_row(each, found.settings.tolerate) for each in found.columns)]


def sentences(found: Comparison) -> Iterator[str]:
    """Yield what was found, at which level, and what could not be seen."""
    yield f"{_verdict(found)} {_level(found)}"
    yield from (
        f"Column {each.column} {RULES[each.rule]} ({each.rows} of {each.of} rows)."
        for each in found.broken
    )
    yield from (_moved(each) for each in found.columns if each.verdict == "Drifted")
    yield _order(found)
    yield from _unknown(found)
    yield from _others(found)


def sees(found: Sight) -> str:
    """Return the smallest change that would be found."""
    if found.change is None:
        return f">{_largest(found.unit)}"
    return _change(found.change, found.unit)


def aligned(rows: Sequence[Sequence[str]], right: Iterable[int]) -> list[str]:
    """Return rows as lines with columns of equal width; the columns in `right` are flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    flush = set(right)
    lines = (
        "  ".join(
            cell.rjust(width) if place in flush else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return [line.rstrip() for line in lines]


def probability(value: float | None) -> str:
    """Return a tail probability."""
    if value is None:
        return "-"
    return "<1e-99" if value < 1e-99 else f"{value:.2g}"


def _row(found: ColumnResult, tolerate: float) -> tuple[str, ...]:
    score = "-" if found.score is None else f"{found.score:.3f}"
    counts = (str(found.n), str(found.nulls), str(found.unseen))
    end = (probability(found.p), sees(found.sight), found.verdict)
    return (found.name, found.kind, *counts, score, f"{tolerate:g}", *end)


def _verdict(found: Comparison) -> str:
    columns = counted(len(found.columns), "column")
    drifted, broken = len(found.drifted), len({each.column for each in found.broken})
    if not drifted and not broken:
        return f"No drift was found in {columns}."
    return f"Of {columns}, {drifted} drifted and {broken} {'is' if broken == 1 else 'are'} broken."


def _level(found: Comparison) -> str:
    settings = found.settings
    return (
        f"Level: of 100 comparisons without drift, at most {number(100 * settings.level)} call any "
        f"column drifted (this is not the level of a DriftMonitor). A score up to the limit "
        f"{settings.tolerate:g} is tolerated."
    )


def _moved(found: ColumnResult) -> str:
    changes = []
    if found.window < found.n:
        changes.append(f"its newest {found.window} rows show it")
    if found.means is not None:
        then, now = found.means
        changes.append(f"mean {number(then)} then, {number(now)} now")
    if found.unseen:
        where = "outside of the range" if found.kind == "number" else "with unseen values"
        changes.append(f"{percent(found.unseen / found.n)} of the rows {where}")
    if found.nulls:
        before = found.bins.counts[-1] / found.bins.rows
        changes.append(
            f"missing values {percent(before)} then, {percent(found.nulls / found.n)} now"
        )
    shown = f": {'; '.join(changes)}" if changes else ""
    return f"Column {found.name} drifted{shown}."


def _order(found: Comparison) -> str:
    settings = found.settings
    by = "independent" if settings.independent else "file"
    order = f"column {settings.time}" if settings.time is not None else _ORDERS[by]
    alike = max(found.columns, key=lambda each: each.likeness, default=None)
    if settings.independent or alike is None:
        return f"Likeness of neighbouring rows: {order}."
    return (
        f"Likeness of neighbouring rows, by {order}: windows as long as {found.current.name} vary "
        f"up to {number(alike.likeness)} times as much as those of independent rows (column "
        f"{alike.name}); P and SEES account for it."
    )


def _unknown(found: Comparison) -> Iterator[str]:
    """Yield why nothing can be said, once for all columns of one kind of reason."""
    hint = (
        "; neighbouring rows of the file are alike. If its order means nothing, as in a sorted "
        "file, use --independent"
    )
    groups: dict[str, list[ColumnResult]] = {}
    for each in found.columns:
        if each.verdict == "Unknown":
            alike = each.likeness > 2 and found.settings.time is None
            why = f"would not show a change of {_largest(each.sight.unit)}{hint if alike else ''}"
            groups.setdefault(why, []).append(each)
    for why, columns in groups.items():
        names = ", ".join(each.name for each in columns)
        what = f"Column {names} is" if len(columns) == 1 else f"Columns {names} are"
        yield f"{what} unknown: the rows of {found.current.name} {why}."


def _largest(unit: str) -> str:
    return _change(DEVIATIONS[-1] if unit == "sd" else POINTS[-1], unit)


def _change(change: float, unit: str) -> str:
    return f"{change:g} sd" if unit == "sd" else f"{change:g} points"


def _others(found: Comparison) -> Iterator[str]:
    for name, why in found.left_out.items():
        yield f"Column {name} is not compared: {why}."
    for table in (found.reference, found.current):
        yield from _bad(table)


def _bad(table: Table) -> Iterator[str]:
    for name, bad in table.bad.items():
        rows = [place + 1 for place in bad.arg_true()[:SHOWN_ROWS].to_list()]
        what = f"{counted(int(bad.sum()), 'value')} of another type than {table.types[name]}"
        where = row_numbers(int(bad.sum()), rows)
        yield f"{table.name}: column {name} has {what} ({where}); they are left out."

"""The report of a replay, for a terminal and as JSON."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from plumbline.cli.alarms import Alarm, Backtest
from plumbline.cli.report_json import VERSION, rounded
from plumbline.cli.report_text import aligned
from plumbline.jobs.data.violations import counted
from plumbline.stats.text import number, percent

_HEADER = ("ROW", "TIME", "COLUMN", "KIND", "SCORE", "UNTIL ROW")
_DAY = 86_400


class Report(NamedTuple):
    """A replay, and what was replayed.

    Attributes:
        table: name of the table.
        reference: name of the reference.
        rows: number of rows.
        time: column with their time; None if their times were made up.
        rate: rows a second, if they were.
        places: by place in time, the row of the file, from 0; None if they are the same.
        result: of the replay.
    """

    table: str
    reference: str
    rows: int
    time: str | None
    rate: float | None
    places: Any
    result: Backtest


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as JSON; docs/cli.md describes it."""
    result = report.result
    return {
        "kind": "BacktestReport",
        "version": VERSION,
        "table": {"name": report.table, "rows": report.rows},
        "reference": {"name": report.reference},
        "time": report.time,
        "rowsPerSecond": report.rate,
        "seconds": result.seconds,
        "evaluations": result.evaluations,
        "learning": result.learning,
        "tolerate": result.settings.tolerate,
        "falseAlarms": {
            "perMonth": result.settings.false_alarms_per_month,
            "expected": rounded(result.expected),
        },
        "alarms": [_alarm(each, report) for each in result.alarms],
    }


def as_text(report: Report) -> str:
    """Return the report for a terminal."""
    rows = [_HEADER, *(_row(each, report) for each in report.result.alarms)]
    table = aligned(rows, (0, 4, 5)) if len(rows) > 1 else []
    return "\n".join([*table, *([""] if table else []), *_sentences(report)])


def _alarm(alarm: Alarm, report: Report) -> dict[str, Any]:
    return {
        "row": _place(alarm.row, report),
        "time": _time(alarm, report),
        "column": alarm.column,
        "kind": alarm.kind,
        "rule": alarm.rule,
        "score": rounded(alarm.score),
        "untilRow": None if alarm.until is None else _place(alarm.until, report),
    }


def _row(alarm: Alarm, report: Report) -> tuple[str, ...]:
    score = "-" if alarm.score is None else f"{alarm.score:.3f}"
    kind = f"{alarm.kind} ({alarm.rule})" if alarm.rule else alarm.kind
    until = "open" if alarm.until is None else str(_place(alarm.until, report))
    when = _time(alarm, report) or f"second {alarm.second}"
    return str(_place(alarm.row, report)), when, alarm.column, kind, score, until


def _place(rows: int, report: Report) -> int:
    """Return the number in the file of the newest of so many rows, from 1."""
    return rows if report.places is None else int(report.places[rows - 1]) + 1


def _time(alarm: Alarm, report: Report) -> str | None:
    if report.time is None:
        return None
    return f"{datetime.fromtimestamp(alarm.second, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _sentences(report: Report) -> Iterator[str]:
    result = report.result
    kinds = {kind: 0 for kind in ("Drifted", "DataBroken", "Suspect")}
    for each in result.alarms:
        kinds[each.kind] += 1
    found = ", ".join(f"{n} {kind}" for kind, n in kinds.items() if n) or "no alarm"
    span = f"{counted(result.seconds, 'second')} ({number(result.seconds / _DAY)} days)"
    yield f"{report.table}: {found} in {counted(report.rows, 'row')} over {span}."
    yield (
        f"False alarms to expect in this time: {number(result.expected)} (a DriftMonitor with "
        f"falseAlarmsPerMonth {number(result.settings.false_alarms_per_month)})."
    )
    if report.rate is not None:
        yield (
            f"The rows came in the order of the file, {number(report.rate)} a second. Alarms "
            "depend on the rate: use --time or --rate."
        )
    if result.learning:
        share = percent(result.learning / result.evaluations)
        yield (
            f"In {share} of the seconds with rows it was not yet known how alike rows are, so "
            "drift could not be found in each column."
        )

"""The verb `backtest`: replays a table as live traffic."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from plumbline.cli.exits import Exit, Refused
from plumbline.cli.options import FILE, check_columns, output

if TYPE_CHECKING:
    from plumbline.cli.alarms import Backtest
    from plumbline.cli.replay import Settings
    from plumbline.cli.report_backtest import Report
    from plumbline.cli.tables import Table

RATE = 50.0


@click.command()
@click.argument("table", type=FILE)
@click.option("--reference", type=FILE, required=True, help="Table that the model was trained on.")
@output("table", "json")
@click.option("--time", metavar="COLUMN", help="Column with the time at which each row came.")
@click.option(
    "--reference-time",
    metavar="COLUMN",
    help="Column with the time of the reference's rows. Default: that of --time, if it has it.",
)
@click.option(
    "--rate",
    type=click.FloatRange(0, min_open=True),
    help=f"Rows a second, in the order of the file, without --time. Default: {RATE:g}.",
)
@click.option(
    "--column", "columns", multiple=True, metavar="NAME", help="Watch only this; repeatable."
)
@click.option(
    "--false-alarms-per-month",
    type=click.FloatRange(0, 1000, min_open=True),
    default=1.0,
    show_default=True,
    help="As in a DriftMonitor.",
)
@click.option(
    "--tolerate",
    type=click.FloatRange(0, 10),
    default=0.1,
    show_default=True,
    help="As in a DriftMonitor.",
)
def backtest(
    table: Path,
    reference: Path,
    form: str,
    time: str | None,
    reference_time: str | None,
    rate: float | None,
    columns: tuple[str, ...],
    false_alarms_per_month: float,
    tolerate: float,
) -> None:
    """Say which alarms a DriftMonitor would have raised on the rows of TABLE.

    The rows are replayed, second by second, through the code that evaluates live traffic. They are
    compared with the reference that a Dataset of the rows in --reference has; both tables are csv
    or Parquet files. Columns with times, also that of --time, are not compared.

    Exit codes: 0 no alarm, 1 an alarm, 2 the command or a file is wrong, 3 there were too few rows
    to find any.
    """
    from plumbline.cli import replay, report_backtest, report_json
    from plumbline.cli.tables import read

    if time is not None and rate is not None:
        raise Refused("--time and --rate contradict each other. Use one of them.")
    then = read(reference)
    now = read(table, like=then)
    check_columns((*columns, *([time] if time else [])), now.names, now.name)
    check_columns((*columns, *([reference_time] if reference_time else [])), then.names, then.name)
    settings = replay.Settings(tolerate, false_alarms_per_month, frozenset(columns))
    by = reference_time or (time if time in then.types else None)
    report = _replayed(now, then, settings, time=time, by=by, rate=rate or RATE)
    if form == "json":
        click.echo(report_json.text(report_backtest.as_json(report)))
    else:
        click.echo(report_backtest.as_text(report))
    click.get_current_context().exit(_exit(report.result))


def _replayed(
    now: "Table",
    then: "Table",
    settings: "Settings",
    *,
    time: str | None,
    by: str | None,
    rate: float,
) -> "Report":
    """Replay a table whose rows come by `time`, or at a rate; `by` orders the reference's rows."""
    from plumbline.cli import alarms, replay, report_backtest
    from plumbline.cli.arrivals import arrivals
    from plumbline.cli.references import bins_of
    from plumbline.cli.tables import sliced

    come = arrivals(now, time, rate)
    order = then.frame[by] if by is not None else None
    both = [name for name in then.types if name in now.types and name not in (time, by)]
    rows = now if come.places is None else sliced(now, come.places)
    moments = replay.moments(rows, come.seconds, bins_of(then, both, order), settings)
    return report_backtest.Report(
        table=now.name,
        reference=then.name,
        rows=now.frame.height,
        time=time,
        rate=None if time else rate,
        places=come.places,
        result=alarms.backtest(moments, settings),
    )


def _exit(found: "Backtest") -> Exit:
    if found.alarms:
        return Exit.FOUND
    return Exit.UNKNOWN if found.learning == found.evaluations else Exit.FINE

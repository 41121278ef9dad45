"""The verb `drift`: judges two tables."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from plumbline.cli.exits import Exit, Refused
from plumbline.cli.options import FILE, check_columns, output

if TYPE_CHECKING:
    from plumbline.cli.comparison import Comparison


@click.command()
@click.argument("reference", metavar="REF", type=FILE)
@click.argument("current", metavar="CUR", type=FILE)
@output("table", "json", "html")
@click.option(
    "--column", "columns", multiple=True, metavar="NAME", help="Compare only this; repeatable."
)
@click.option(
    "--level",
    type=click.FloatRange(0, 0.5, min_open=True),
    default=0.01,
    show_default=True,
    help="Share of comparisons without drift in which any column is called drifted.",
)
@click.option(
    "--tolerate",
    type=click.FloatRange(0, 10),
    default=0.1,
    show_default=True,
    help="Population stability index (PSI) up to which a difference is harmless.",
)
@click.option("--time", metavar="COLUMN", help="Order the rows by this column.")
@click.option(
    "--independent",
    is_flag=True,
    help="The order of the rows means nothing, as in a sorted or shuffled file.",
)
def drift(
    reference: Path,
    current: Path,
    form: str,
    columns: tuple[str, ...],
    level: float,
    tolerate: float,
    time: str | None,
    independent: bool,
) -> None:
    """Say which columns of the table CUR differ from the table REF.

    Both are csv or Parquet files. REF gives the types, the cells, and how alike neighbouring rows
    are, in the order of the file unless --time or --independent says otherwise. No schema is
    needed.

    Exit codes: 0 no drift, 1 a column drifted or is broken, 2 the command or a file is wrong, 3 no
    drift was found but some column could not be judged.
    """
    from plumbline.cli import report_html, report_json, report_text
    from plumbline.cli.comparison import Settings, compare
    from plumbline.cli.tables import read

    if time is not None and independent:
        raise Refused("--time and --independent contradict each other. Use one of them.")
    order = (time,) if time else ()
    only = {*columns, *order} if columns else ()
    then = read(reference, only=only)
    check_columns((*columns, *order), then.names, then.name)
    now = read(current, like=then, only=only)
    check_columns(order, now.names, now.name)
    found = compare(
        then,
        now,
        Settings(
            level=level, tolerate=tolerate, time=time, independent=independent, columns=columns
        ),
    )
    if form == "json":
        click.echo(report_json.text(report_json.comparison(found)))
    else:
        click.echo((report_html if form == "html" else report_text).comparison(found))
    click.get_current_context().exit(_exit(found))


def _exit(found: "Comparison") -> Exit:
    if found.drifted or found.broken:
        return Exit.FOUND
    return Exit.UNKNOWN if found.unknown or not found.columns else Exit.FINE

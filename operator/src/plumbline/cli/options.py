"""Options that several verbs have."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from plumbline.cli.exits import Refused

Verb = TypeVar("Verb", bound=Callable[..., Any])
FILE = click.Path(path_type=Path)


def output(*formats: str) -> Callable[[Verb], Verb]:
    """Return the option --format, also -o; the first format is the default."""
    return click.option(
        "-o",
        "--format",
        "form",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="Format of the report.",
    )


def check_columns(names: Iterable[str], known: Sequence[str], table: str) -> None:
    """Refuse names of columns that a table does not have."""
    for name in names:
        if name not in known:
            shown = ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")
            raise Refused(f"{table} has no column {name}. Its columns are {shown}.")

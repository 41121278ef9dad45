"""Runs `plumbline` as a user does, in this process."""

import json
from pathlib import Path
from typing import Any

import polars as pl
from click.testing import CliRunner, Result
from plumbline.cli.main import plumbline


def run(*words: object) -> Result:
    """Run a verb; an error that is no error of the user is raised."""
    found = CliRunner().invoke(plumbline, [str(word) for word in words])
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


def report(*words: object) -> dict[str, Any]:
    """Return what a verb says as JSON."""
    found: dict[str, Any] = json.loads(run(*words, "-o", "json").stdout)
    return found


def column(found: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what a report says about a column."""
    return next(each for each in found["columns"] if each["name"] == name)


def csv(path: Path, table: Any) -> Path:
    """Write a table, of columns or as text, to a file."""
    if isinstance(table, str):
        path.write_text(table, encoding="utf-8")
    else:
        pl.DataFrame(table).write_csv(path)
    return path


def parquet(path: Path, table: Any) -> Path:
    """Write a table of columns to a file."""
    pl.DataFrame(table).write_parquet(path)
    return path

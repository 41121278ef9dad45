"""What is odd about the times of rows without making the data invalid: said as warnings."""

from collections.abc import Iterator
from datetime import datetime

import polars as pl

from plumbline.api.v1alpha1.dataset import DataSchema
from plumbline.jobs.data.violations import Violation, of_mask
from plumbline.jobs.profiling.holdout import ZONES, Split, plain
from plumbline.jobs.profiling.store_revision import is_personal


def odd_times(
    frame: pl.DataFrame, split: Split | None, schema: DataSchema, now: datetime
) -> list[Violation]:
    """Return the warnings about the columns of times."""
    return [*_future(frame, split, schema, now), *_dropped(split, schema)]


def _future(
    frame: pl.DataFrame, split: Split | None, schema: DataSchema, now: datetime
) -> Iterator[Violation]:
    deciding = split.rule.columns[0] if split and split.rule.by == "Time" else None
    personal = {column.name for column in schema.columns if column.personal}
    for name in dict.fromkeys(each for each in (schema.time_column, deciding) if each):
        if isinstance(frame.schema[name], pl.Datetime):
            late = (frame[name] > now + ZONES).fill_null(False)
            yield from of_mask(
                "TimeInFuture", name, late, _problem(frame[name], late, name in personal), _ADVICE
            )


_ADVICE = "They do not move the holdout's cut. Fix the data if these times are wrong."


def _problem(times: pl.Series, late: pl.Series, is_personal: bool) -> tuple[str, str, str]:
    shown = "" if is_personal or not late.any() else f", such as {times.filter(late)[0]:%Y-%m-%d}"
    return f"Column {times.name}", "value", f"after the time of this fetch{shown}"


def _dropped(split: Split | None, schema: DataSchema) -> Iterator[Violation]:
    """Yield that the cut starts anew, which lets rows be held out that models were trained on."""
    if split is None or split.dropped is None:
        return
    name, shown = split.rule.columns[0], ""
    if not is_personal(split, schema):
        shown = f" ({plain(split.dropped)}); the new cut is {plain(split.cut)}"
    cut = f"the holdout's cut of the previous revision in column {name}"
    problem = f"All rows up to this fetch are before {cut}{shown}"
    advice = "A model that was trained on an earlier revision may know rows that are held out now"
    yield Violation(rule="CutRestarted", column=name, message=f"{problem}. {advice}.")

"""The inputs of an estimator as data: one for each feature, in the form of model.json."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from plumbline.contract.model_json import Input, NumberInput
from plumbline.log import frames, get_logger

log = get_logger(__name__)


class NotCompilable(Exception):
    """The model server cannot run the model; the message says why and what to do.

    It has no full stop; "it" is the model server.
    """


@dataclass(frozen=True, slots=True)
class Text:
    """A text feature before its encoder.

    Attributes:
        is_nan: whether the model was shown missing texts as NaN, else as None.
        fill: the text with which an imputer replaces missing ones.
    """

    feature: str
    is_nan: bool
    fill: str | None = None


Column = Input | Text


def numbers(columns: Sequence[Column], name: str) -> list[NumberInput]:
    """Return the columns if all are still numbers: `name` cannot be compiled after an encoder."""
    found = [column for column in columns if isinstance(column, NumberInput)]
    if len(found) != len(columns):
        raise _follows(name)
    return found


def texts(columns: Sequence[Column], name: str) -> list[NumberInput | Text]:
    """Return the columns if none has an encoder yet."""
    found = [column for column in columns if isinstance(column, NumberInput | Text)]
    if len(found) != len(columns):
        raise _follows(name)
    return found


def _follows(name: str) -> NotCompilable:
    advice = "Apply it only to columns without an encoder"
    return NotCompilable(f"{name} follows an encoder. {advice}")


@contextmanager
def converting(name: str) -> Iterator[None]:
    """Refuse a part of a model that has a form which we did not foresee.

    It stays as it is however often it is tried. The error may quote values, so the log has only
    its class and its place.
    """
    try:
        yield
    except NotCompilable:
        raise
    except Exception as error:
        log.error("cannot convert", part=name, error=type(error).__name__, trace=frames(error))
        advice = "Fit it on the columns of train.parquet, with fewer parameters"
        problem = f"it cannot convert {name} as it was fitted"
        raise NotCompilable(f"{problem}. {advice}, or use the built-in trainer") from error

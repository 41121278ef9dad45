"""The form of the lines of a process: text or JSON, as its environment sets it.

Only the modules that start a process need this; all others write with `plumbline.log`.
"""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from plumbline.contract.layout import LOG_BOUND_VARIABLE as BOUND
from plumbline.contract.layout import LOG_FORMAT_VARIABLE as FORMAT
from plumbline.contract.layout import LOG_LEVEL_VARIABLE as LEVEL
from plumbline.log import bound_values, get_logger

FORMATS, LEVELS = ("text", "json"), ("DEBUG", "INFO", "WARNING", "ERROR")
# An answer of an API server or a store can be a page of HTML.
LONGEST = 4000
_OURS = "plumbline"


def configure(environment: Mapping[str, str], *, stream: TextIO | None = None) -> None:
    """Write all lines of this process in the form that the environment sets."""
    form = environment.get(FORMAT) or FORMATS[0]
    level = environment.get(LEVEL) or "INFO"
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter((Json if form == "json" else Text)(_pairs(environment.get(BOUND, ""))))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # Of other libraries only what went wrong: at DEBUG they log requests and replies whole.
    root.setLevel(logging.WARNING)
    logging.getLogger(_OURS).setLevel(level if level in LEVELS else "INFO")
    for variable, value, allowed in ((FORMAT, form, FORMATS), (LEVEL, level, LEVELS)):
        if value not in allowed:
            get_logger(__name__).warning(
                "no such form or level of a log", variable=variable, value=value, allowed=allowed
            )


def passed_on(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that give another process the same form; none for the default."""
    usual = {FORMAT: ("", "text"), LEVEL: ("", "INFO")}
    found = {key: environment.get(key, "") for key in usual}
    return {key: value for key, value in found.items() if value not in usual[key]}


class Form(logging.Formatter):
    """What both forms have in common: the values of a line."""

    def __init__(self, process: Mapping[str, str]) -> None:
        """Add the values of the process to each line."""
        super().__init__()
        self._process = process

    def values(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return the values of a line; its own override others, those of the process come last."""
        own = getattr(record, "values", None) or _object_of_kopf(record)
        merged = {**bound_values(), **own}
        merged |= {key: value for key, value in self._process.items() if key not in merged}
        return {key: _plain(value) for key, value in merged.items() if value is not None}

    def trace(self, record: logging.LogRecord) -> str:
        """Return the traceback of a line, if it has one."""
        lines = self.formatException(record.exc_info).split("\n") if record.exc_info else []
        return "\n".join(map(_cut, lines))


class Text(Form):
    """A line for people; further lines of a value are indented, so that each entry is clear."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a line."""
        values = self.values(record)
        short = {key: _word(value) for key, value in values.items() if not _is_long(value)}
        words = [f"{_time(record)} {record.levelname} {_visible(record.getMessage())}"]
        words += [f"{key}={value}" for key, value in short.items()]
        long = [f"{key}:\n{value}" for key, value in values.items() if _is_long(value)]
        blocks = [*long, self.trace(record)]
        return " ".join(words) + "".join(_indented(block) for block in blocks if block)


class Json(Form):
    """A line for log systems, as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a line; a value cannot override its own four keys."""
        trace = self.trace(record)
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "msg": record.getMessage(),
        }
        values = {key: value for key, value in self.values(record).items() if key not in line}
        return json.dumps({**line, **values, **({"trace": trace} if trace else {})})


def _pairs(text: str) -> dict[str, str]:
    """Return the pairs of a text such as `a=b,c=d`."""
    pairs = (pair.partition("=") for pair in text.split(","))
    return {key.strip(): value.strip() for key, _, value in pairs if key.strip()}


def _object_of_kopf(record: logging.LogRecord) -> Mapping[str, Any]:
    """Return the object that a line of Kopf is about."""
    reference: Mapping[str, Any] = getattr(record, "k8s_ref", None) or {}
    return {key: reference.get(key) for key in ("kind", "namespace", "name") if reference}


def _plain(value: Any) -> Any:
    """Return a value as JSON; long texts are cut."""
    if isinstance(value, bool | int) or (isinstance(value, float) and value - value == 0):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    text = f"{type(value).__name__}: {value}" if isinstance(value, BaseException) else str(value)
    return _cut(text)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _is_long(value: Any) -> bool:
    return isinstance(value, str) and "\n" in value


def _word(value: Any) -> str:
    """Return a value as one word, in quotes if necessary."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if not isinstance(value, str) and text.isprintable():
        return text
    is_word = text and text.isprintable() and not set(text) & set(' "=')
    return text if is_word else json.dumps(text, ensure_ascii=not text.isprintable())


def _visible(text: str) -> str:
    """Return a text without line breaks and control characters of a terminal."""
    if text.isprintable():
        return text
    signs = (s if s.isprintable() else s.encode("unicode_escape").decode() for s in text)
    return "".join(signs)


def _indented(block: str) -> str:
    return "".join(f"\n    {_visible(line)}" for line in block.expandtabs().splitlines())


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"

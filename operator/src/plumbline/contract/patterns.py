"""Patterns of the schema: read as Python does, and matched in linear time by RE2.

The profile Job and the model server use this module, so that both give the same answer, and no
text can make either hang. RE2 reads a few spellings of Python in another way; these are rewritten,
and what RE2 does not have (lookarounds, references to groups) is refused.
"""

import re
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any

Match = Callable[[str], bool]

_WORD, _SPACE = r"\p{L}\p{N}_", r"\s\x{0B}\x{1C}-\x{1F}\x{85}\p{Z}"
# In Python, character classes such as \w cover all alphabets; in RE2 they cover ASCII.
_BARE = {"d": r"\p{Nd}", "D": r"\P{Nd}", "Z": r"\z"}
_BARE |= {"w": f"[{_WORD}]", "W": f"[^{_WORD}]", "s": f"[{_SPACE}]", "S": f"[^{_SPACE}]"}
_LISTED = {"d": r"\p{Nd}", "D": r"\P{Nd}", "w": _WORD, "s": _SPACE}
_ESCAPED = r"\\u(?P<short>[0-9a-fA-F]{4})|\\U(?P<long>[0-9a-fA-F]{8})|\\(?P<escape>.)"
_OUTSIDE = re.compile(rf"{_ESCAPED}|(?P<open>\[\^?\]?)|(?P<upto>\{{,(?=[0-9]+\}}))|.", re.DOTALL)
_INSIDE = re.compile(rf"{_ESCAPED}|(?P<close>\])|(?P<bracket>\[)|.", re.DOTALL)
_ADVICE = "Write it without lookarounds, references to groups and \\b"
_CACHED, _SHORT = 4096, 64


class PatternRefused(ValueError):
    """A pattern that cannot be used; the message says why and what to do, without a full stop."""


def matcher(pattern: str) -> Match:
    """Return a function that says whether a complete text matches.

    Raises:
        PatternRefused: Python or RE2 cannot read it, or they read it in different ways.
    """
    import re2  # a server whose model has no pattern does without its 4 MB

    _check(pattern)
    options = re2.Options()
    options.log_errors = False
    try:
        found = re2.Set.FullMatchSet(options)
        found.Add(_translated(pattern))
        found.Compile()
    except re2.error as error:
        raise PatternRefused(f"it cannot be matched in linear time. {_ADVICE}") from error
    return _remembering(found)


def _remembering(found: Any) -> Match:
    """Return the match with a cache of short texts, because most columns repeat their values."""

    def slowly(text: str) -> bool:
        # JSON can contain half of a character (a lone surrogate); it matches no pattern.
        return bool(found.Match(text.encode(errors="surrogatepass")))

    quickly = lru_cache(maxsize=_CACHED)(slowly)
    return lambda text: quickly(text) if len(text) <= _SHORT else slowly(text)


def _check(pattern: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)
            re.compile(pattern)
    except (re.error, FutureWarning, OverflowError, RecursionError) as error:
        advice = "Write it as a regular expression of Python"
        raise PatternRefused(f"{error}. {advice}") from error


def _translated(pattern: str) -> str:
    """Return the pattern in the syntax of RE2."""
    made, place, is_listed = "", 0, False
    while found := (_INSIDE if is_listed else _OUTSIDE).match(pattern, place):
        piece, place = found.groupdict(), found.end()
        made += _piece(piece, found[0], is_listed=is_listed)
        is_listed = not piece.get("close") if is_listed else bool(piece.get("open"))
    return made


def _piece(piece: dict[str, str | None], text: str, *, is_listed: bool) -> str:
    if code := piece["short"] or piece["long"]:
        return rf"\x{{{code}}}"
    if letter := piece["escape"]:
        return _escape(letter, is_listed=is_listed)
    if piece.get("upto"):
        return "{0,"
    return rf"\{text}" if piece.get("bracket") else text


def _escape(letter: str, *, is_listed: bool) -> str:
    known = _LISTED if is_listed else _BARE
    if letter in known:
        return known[letter]
    if letter in "bB" or (letter in "WS" and is_listed):
        problem = f"\\{letter} has another meaning in RE2, which matches patterns in linear time"
        raise PatternRefused(f"{problem}. {_ADVICE}")
    return letter if ord(letter) > 127 else f"\\{letter}"

"""A pattern means what Python says, in the profile Job and in the server, and never takes long."""

import re
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plumbline.contract.model_json import Feature
from plumbline.contract.patterns import PatternRefused, matcher
from plumbline.serving.rules import Rules

PATTERNS = [
    r"\w+", r"\d", r"\D", r"\W", r"\S+", r"\s", r"[\w-]+", r"[^\w]", r"[\s\d]+", r"a{,3}",
    r"[a{,3}]", r"\<a\>", r"\u00e9", r"[\u00e9-\u00ff]", r"\U0001F600", r"\é", r"a\Z", r"[]a]+",
    r"[^]a]", r"[\]]", r"[\[\]]", r"\[", r"[a[]", r"[a[^]]", r"(?i)ab", r"(?s).*", r"(?:a|b)?",
    r"^a$", r"[a\-b]", r"\x41", r"[A-Z]{1,2}", r"(?P<x>a)b", r"\\", r"\.", r"[^\s]+",
]  # fmt: skip
TEXTS = [
    "é", "a", "A1", "", "a b", "٣", "1", "]", "[", "\\", "a\n", "\u00a0", "x-y", "aaa", "{,3}",
    "\x1c", "ſ", "<a>", "^", "_", "ab", "AB", "a]", "[]", "^]", "\U0001f600", "²", "½", "\x85",
    "é-1", ".", "A",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_means_what_python_says(pattern: str) -> None:
    whole = matcher(pattern)
    differing = [each for each in TEXTS if whole(each) != bool(re.fullmatch(pattern, each))]
    assert differing == []


PIECES = st.sampled_from(
    ["a", "é", r"\w", r"\d", r"\s", ".", "[ab]", r"[^\d]", r"[\w.]", "(?:a|1)", "-"]
)
TIMES = st.sampled_from(["", "*", "+", "?", "{,2}", "{1,2}", "*?"])


@given(st.lists(st.tuples(PIECES, TIMES), max_size=6), st.text("aé1 b-.٣\n", max_size=8))
def test_patterns_made_of_common_pieces_mean_what_python_says(
    pieces: list[tuple[str, str]], text: str
) -> None:
    pattern = "".join(piece + times for piece, times in pieces)
    assert matcher(pattern)(text) == bool(re.fullmatch(pattern, text))


REFUSED = [
    "(?=a)b", "(?!a).", "(?<=a)b", r"(a)\1", "(?P<a>x)(?P=a)", "(a)?(?(1)b|c)", "a++", "(?>a)",
    r"\bfoo", r"[\W]", "a{2000}", r"\N{BULLET}", "(?x)a", r"(?a)\w", "[", r"\z", "(?<n>a)",
    "[[:alpha:]]",
]  # fmt: skip


WHY = {
    r"\bfoo": r"\b has another meaning in RE2, which matches patterns in linear time. Write it",
    r"[\S]": r"\S has another meaning in RE2, which matches patterns in linear time. Write it",
    "(?=a)b": "it cannot be matched in linear time. Write it without lookarounds",
    "[": "unterminated character set at position 0. Write it as a regular expression of Python",
    "[[a]": "Possible nested set at position 1. Write it as a regular expression of Python",
}


@pytest.mark.parametrize("pattern", WHY)
def test_why_a_pattern_is_refused_is_said(pattern: str) -> None:
    with pytest.raises(PatternRefused) as refused:
        matcher(pattern)
    assert str(refused.value).startswith(WHY[pattern])


@pytest.mark.parametrize("pattern", REFUSED)
def test_what_cannot_be_matched_as_python_does_is_refused(pattern: str) -> None:
    with pytest.raises(PatternRefused, match="Write it"):
        matcher(pattern)


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|aa)+$", "(.*)*,(.*)*,"])
def test_no_text_makes_a_server_hang(pattern: str) -> None:
    rules = Rules([Feature(name="a", type="category", pattern=pattern)])
    texts = np.array(["a" * 20_000 + "!"], dtype=object)
    started = time.perf_counter()
    assert set(rules.broken({"a": texts})) == {"a/Pattern"}
    assert time.perf_counter() - started < 5


def test_half_a_character_matches_nothing_and_breaks_nothing() -> None:
    assert not matcher("a+")("\ud800")


def test_a_pattern_that_an_older_release_took_is_not_checked() -> None:
    rules = Rules([Feature(name="a", type="category", pattern="(?!Q)[A-Z]+")])
    assert rules.broken({"a": np.array(["Q", "x"], dtype=object)}) == {}

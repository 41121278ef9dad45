"""What mutmut keeps in files: a verdict of each mutant, and the tests that call each function."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tests.mutants.workspace import WORK

BOOKS = WORK / "mutants"
# Which tests call a function: as mutmut uses it, and with all tests.
STATS, FULL = BOOKS / "mutmut-stats.json", BOOKS / "full-stats.json"
WRITTEN = "test_written"
# Exit codes of mutmut.
SURVIVED, NOT_CALLED, SKIPPED = 0, 33, 34
KILLED = {1, 3}
OUT_OF_TIME = {-24, 24, 36, 152, 255}

Verdicts = dict[str, int | None]


def verdicts() -> Verdicts:
    """Return the exit code of each mutant; None is one that was not tested yet."""
    return {name: code for _, book in _books() for name, code in book["exit_code_by_key"].items()}


def rewrite(change: Callable[[str, int | None], int | None]) -> None:
    """Give each mutant another verdict."""
    for path, book in _books():
        codes = book["exit_code_by_key"]
        book["exit_code_by_key"] = {name: change(name, code) for name, code in codes.items()}
        path.write_text(json.dumps(book))


def keep_tests(seconds: float) -> None:
    """Let a mutant be tested for so long at most.

    What is written down sees most, and a test that calls few functions is likely to be about them.
    """
    book = json.loads(STATS.read_text())
    FULL.write_text(json.dumps(book))
    every, took = book["tests_by_mangled_function_name"], book["duration_by_test"]
    calls = Counter(test for tests in every.values() for test in tests)
    for function, tests in every.items():
        ranked = sorted(tests, key=lambda test: (WRITTEN not in test, calls[test], took[test]))
        every[function] = _within(seconds, ranked, took)
    STATS.write_text(json.dumps(book))


def restore_tests() -> None:
    """Let a mutant be tested by all tests that call it."""
    if FULL.exists():
        FULL.replace(STATS)


def _within(seconds: float, tests: Iterable[str], took: dict[str, float]) -> list[str]:
    kept: list[str] = []
    for test in tests:
        # The call of a test itself takes some milliseconds.
        cost = took[test] + 0.005
        if cost <= seconds or not kept:
            seconds -= cost
            kept.append(test)
    return kept


def _books() -> list[tuple[Path, dict[str, Any]]]:
    return [(path, json.loads(path.read_text())) for path in sorted(BOOKS.rglob("*.py.meta"))]

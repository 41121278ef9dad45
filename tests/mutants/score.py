"""How many mutants of each package are killed, and which survive."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.mutants import books
from tests.mutants.changes import Change, change_of

LINE = "{:<24}{:>8}{:>8}{:>9}{:>9}{:>9}{:>9}{:>14}"
HEAD = LINE.format(
    *("package", "mutants", "failed", "timeouts", "survived", "uncalled", "killed", "without words")
)
PLAIN = "  {}: {}"


@dataclass(frozen=True)
class Mutant:
    """One mutant with what has become of it."""

    name: str
    code: int
    change: Change

    @property
    def killed(self) -> bool:
        """Whether a test fails, or never ends."""
        return self.code in books.KILLED | books.OUT_OF_TIME

    @property
    def package(self) -> str:
        words = self.name.split(".")[1:]
        return "/".join(words[: 2 if words[0] == "contract" else 3][:-1])

    @property
    def function(self) -> str:
        """Its function, for example plan.kind.Selector.matches."""
        module, _, mangled = self.name.partition("__mutmut_")[0].rpartition(".")
        name = mangled.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
        return f"{module.removeprefix('plumbline.')}.{name}"


def tested() -> list[Mutant]:
    """Return all mutants that have a verdict, in order."""
    return [
        Mutant(name, code, change_of(name))
        for name, code in sorted(books.verdicts().items())
        if code is not None and code != books.SKIPPED
    ]


def percent(mutants: Iterable[Mutant]) -> float:
    """Return how many of these are killed; 100 if there are none."""
    killed = [each.killed for each in mutants]
    return 100 * sum(killed) / len(killed) if killed else 100.0


def table(mutants: list[Mutant]) -> Iterator[str]:
    """Yield lines: the score of each package, then of all."""
    packages = defaultdict(list)
    for each in mutants:
        packages[each.package].append(each)
    yield HEAD
    yield from (_line(name, packages[name]) for name in sorted(packages))
    yield _line("all", mutants)


def survivors(mutants: Iterable[Mutant]) -> Iterator[str]:
    """Yield a line for each mutant that lives: its function and what it changes."""
    for each in mutants:
        if not each.killed:
            only = " (only words)" if each.change.only_words else ""
            yield f"{each.function}: {each.change}{only}"


def _line(name: str, mutants: list[Mutant]) -> str:
    codes = [each.code for each in mutants]
    counts = (
        sum(code in books.KILLED for code in codes),
        sum(code in books.OUT_OF_TIME for code in codes),
        codes.count(books.SURVIVED),
        codes.count(books.NOT_CALLED),
    )
    matter = [each for each in mutants if not each.change.only_words]
    return LINE.format(
        name, len(codes), *counts, *(f"{percent(s):.1f} %" for s in (mutants, matter))
    )

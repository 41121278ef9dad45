"""What a mutant changes, as one reads it, and whether a computer would mind."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.mutants.books import BOOKS


@dataclass(frozen=True)
class Change:
    """The smallest piece of a function that a mutant changes."""

    before: str
    after: str

    @property
    def only_words(self) -> bool:
        """Whether nothing but the letters of a sentence for people changes."""
        text = _text(self.before)
        return " " in text and text.lower() == _text(self.after).replace("XX", "").lower()

    def __str__(self) -> str:
        return f"{self.before} -> {self.after}"


def change_of(mutant: str) -> Change:
    """Return what this mutant changes.

    Args:
        mutant: its name, for example plumbline.plan.kind.x_place__mutmut_3.
    """
    module, _, name = mutant.rpartition(".")
    functions = _functions(BOOKS / "src" / f"{module.replace('.', '/')}.py")
    original = functions[f"{name.partition('__mutmut_')[0]}__mutmut_orig"]
    pairs = list(_differing(original.body, functions[name].body))
    pairs += list(_differing(original.args, functions[name].args))
    return Change(*(" ".join(map(_written, side)) for side in zip(*pairs, strict=True)))


@cache
def _functions(path: Path) -> dict[str, ast.FunctionDef]:
    """Return the functions of a file of mutants by name."""
    tree = ast.parse(path.read_text())
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def _differing(before: object, after: object) -> Iterator[tuple[object, object]]:
    """Yield the smallest pieces that differ."""
    if isinstance(before, ast.AST) and type(before) is type(after):
        yield from (pair for each in before._fields for pair in _in_field(each, before, after))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _in_list(before, after)
    elif before != after:
        yield before, after


def _in_field(name: str, before: ast.AST, after: object) -> Iterator[tuple[object, object]]:
    for old, new in _differing(getattr(before, name), getattr(after, name)):
        # A bare name or operator reads better with the expression around it.
        reads_well = isinstance(old, (ast.expr, ast.stmt, ast.keyword, ast.match_case))
        yield (old, new) if reads_well else (before, after)


def _in_list(before: list[object], after: list[object]) -> Iterator[tuple[object, object]]:
    if len(before) == len(after):
        for pair in zip(before, after, strict=True):
            yield from _differing(*pair)
    else:
        gone = (i for i, old in enumerate(before) if _texts(before[i + 1 :]) == _texts(after[i:]))
        yield before[next(gone)], None


def _texts(pieces: list[object]) -> list[str]:
    return [_written(each) for each in pieces]


def _written(piece: object) -> str:
    return (
        ast.unparse(piece)
        if isinstance(piece, ast.AST)
        else "nothing"
        if piece is None
        else str(piece)
    )


def _text(code: str) -> str:
    """Return the string that this literal is, or nothing."""
    try:
        value = ast.literal_eval(code)
    except (ValueError, SyntaxError):
        return ""
    return value if isinstance(value, str) else ""

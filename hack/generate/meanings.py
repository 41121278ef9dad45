"""The meaning of each member of an enum: the docstring below it, which Python itself forgets."""

import ast
import inspect
import textwrap
from enum import StrEnum
from itertools import pairwise


def meanings(enum: type[StrEnum]) -> dict[str, str]:
    """Return the docstring of each member by its name; empty where there is none."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(enum))).body
    lines = body.body if isinstance(body, ast.ClassDef) else []
    found = dict.fromkeys(enum.__members__, "")
    for line, following in pairwise(lines):
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            found[line.targets[0].id] = _text(following)
    return found


def _text(line: ast.stmt) -> str:
    value = line.value if isinstance(line, ast.Expr) else None
    return str(value.value) if isinstance(value, ast.Constant) else ""

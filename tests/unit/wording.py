"""What a message for people must be: sentences in plain words, without the words of a library."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from plumbline.api.metrics import METRICS

# Three dots stand for what was left out.
_NEVER = {
    "two dots in a row": re.compile(r"(?<![./])\.\.(?![./])"),
    "a placeholder that a shell cannot take": re.compile(r"<[a-z][a-z -]*>"),
    "a full digest": re.compile(r"[0-9a-f]{64}"),
    "a class of Python": re.compile(r"\b(?:[A-Z]\w*(?:Error|Exception)|gaierror|NoneType)\b"),
    "an old word": re.compile(r"\bmend", re.IGNORECASE),
}
# A path, an address, a field or a version: it stays as it is at the start of a sentence.
_NAME = re.compile(r"\S*[^\sa-z]\S*")


def faults(message: str) -> list[str]:
    """Return what is wrong with a message; an empty one says nothing wrong."""
    if not message:
        return []
    first = message.split(maxsplit=1)[0]
    found = [name for name, pattern in _NEVER.items() if pattern.search(message)]
    if not (_NAME.fullmatch(first) or first in METRICS):
        found.append("no capital at the start")
    if not message.endswith((".", "?")):
        found.append("no full stop at the end")
    return found


def written(folder: Path, call: str, place: int) -> Iterator[str]:
    """Yield the messages that a folder's modules give to a function; X stands for each value."""
    for path in sorted(folder.rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from _given(function, call, place)


def _given(function: ast.AST, call: str, place: int) -> Iterator[str]:
    nodes = list(ast.walk(function))
    names = {
        node.targets[0].id: node.value
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for node in nodes:
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == call:
            yield _text(node.args[place], names)


def _text(node: ast.AST, names: dict[str, ast.expr]) -> str:
    """Return a text with X for each value that is known only when it runs."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(each, names) for each in node.values)
    if isinstance(node, ast.FormattedValue):
        return _text(node.value, names)
    if isinstance(node, ast.Name) and isinstance(names.get(node.id), ast.Constant | ast.JoinedStr):
        return _text(names[node.id], {})
    return "X"

"""The documents that say where something is: a file that they name must exist."""

import re
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "operator" / "src" / "plumbline"
MAP = ROOT / "operator" / "README.md"
PLACES = ("operator", "tests", "hack", "charts", "crds", "demo", "docs", "manifests")
DOCUMENTS = [
    *ROOT.glob("*.md"),
    *(each for place in PLACES for each in (ROOT / place).rglob("*.md")),
]
# A file of the source, or a folder below one of the places; `src` is operator/src/plumbline.
_FILE = re.compile(r"[\w./<>-]*\w\.(?:py|lua|toml)\b")
_FOLDER = re.compile(rf"(?<![\w./-])(?:src|{'|'.join(PLACES)})/[\w./-]*\w")
_MODULE = re.compile(r"`([a-z_]+(?:/[a-z_]+)*)`")
_ROOMS = ("api", "contract", "stats", "live", "engine", "kube", "shell", "plan/common")


@cache
def _paths() -> tuple[str, ...]:
    places = [ROOT / place for place in PLACES]
    found = [*ROOT.glob("*"), *places, *(path for place in places for path in place.rglob("*"))]
    return tuple(f"/{path.relative_to(ROOT)}" for path in found if "__pycache__" not in path.parts)


def _exists(name: str) -> bool:
    """Return whether a path ends in this name; KIND or <kind> in it stands for any name."""
    name = re.sub("^src/", "operator/src/plumbline/", name)
    pattern = f"*/{re.sub('KIND|<kind>', '*', name).rstrip('/')}"
    return any(fnmatch(path, pattern) for path in _paths())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_names_only_files_that_exist(document: Path) -> None:
    text = document.read_text()
    if document.name == "CHANGELOG.md":
        pytest.skip("it may name what is no longer there")
    named = {found[0] for pattern in (_FILE, _FOLDER) for found in pattern.finditer(text)}
    named -= {"__init__.py", "operator/__init__.py"}
    assert [name for name in sorted(named) if not _exists(name)] == []


def test_the_map_of_the_code_names_every_module_of_the_operator() -> None:
    named = {name.rpartition("/")[2] for name in _MODULE.findall(MAP.read_text())}
    modules = {path.stem for room in _ROOMS for path in (SOURCE / room).glob("[a-z]*.py")}
    assert modules - named == set()


def test_the_map_of_the_code_names_no_module_that_is_gone() -> None:
    rooms = MAP.read_text().partition("\n1. ")[2].partition("\n## ")[0]
    gone = [name for name in _MODULE.findall(rooms) if not (_exists(name) or _exists(f"{name}.py"))]
    assert gone == []

"""Each reason that an object can have is explained in the reference."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import plumbline.api
import pytest
from plumbline.contract.reasons import MEANINGS
from plumbline.plan.common import jobs, pod_failures
from plumbline.plan.registry import KINDS

from hack.generate.meanings import meanings

SOURCE = Path(plumbline.api.__file__).parents[1]
ROOMS = ("jobs", "store", "shell", "serving", "plan/common", "plan/model_deployment")
KNOWN = {reason for found in MEANINGS.values() for reason in found}
OWN = {str(reason) for kind in KINDS for reason in kind.reasons}
PARAMETERS = ("reason", "rule")


def trees() -> Iterator[ast.Module]:
    for room in ROOMS:
        for path in sorted((SOURCE / room).rglob("*.py")):
            yield ast.parse(path.read_text())


def places(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield each function whose parameter is a reason, with the place of that parameter."""
    for node in ast.walk(tree):
        owner = node.name if isinstance(node, ast.ClassDef) else ""
        for each in node.body if owner else [node]:
            if isinstance(each, ast.FunctionDef) and (not owner or each.name == "__init__"):
                names = [parameter.arg for parameter in each.args.args if parameter.arg != "self"]
                found = [names.index(name) for name in PARAMETERS if name in names]
                yield from ((owner or each.name, place) for place in found)


def given(tree: ast.Module, known: set[tuple[str, int]]) -> Iterator[str]:
    """Yield the reasons that calls and class attributes of a module give as plain words."""
    for node in ast.walk(tree):
        values: list[ast.expr | None] = []
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            values += [k.value for k in node.keywords if k.arg in PARAMETERS]
            values += [a for place, a in enumerate(node.args) if (name, place) in known]
        if isinstance(node, ast.ClassDef):
            values += [each.value for each in node.body if _is_reason(each)]
        for value in values:
            if isinstance(value, ast.Constant) and str(value.value)[:1].isupper():
                yield str(value.value)


def _is_reason(line: ast.stmt) -> bool:
    return isinstance(line, ast.Assign) and getattr(line.targets[0], "id", "") == "reason"


def reasons() -> set[str]:
    known = {place for tree in trees() for place in places(tree)}
    found = {reason for tree in trees() for reason in given(tree, known)}
    pods = {each.reason for each in pod_failures.POD_REASONS.values()}
    return found | jobs.PROSPECTS.keys() | pods


def test_the_code_gives_no_reason_without_a_meaning():
    found = reasons()
    assert {"TornLine", "SourceUnreachable", "BucketMissing", "HoldoutEmpty"} <= found
    assert sorted(found - KNOWN - OWN) == []


def test_no_meaning_stays_when_nothing_gives_its_reason():
    text = "".join(path.read_text() for path in SOURCE.rglob("*.py") if path.name != "reasons.py")
    assert [each for each in KNOWN if not re.search(f'"{each}"|class {each}\\(', text)] == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.resource.kind)
def test_each_reason_of_a_kind_says_its_meaning(kind):
    assert [name for name, text in meanings(kind.reasons).items() if not text.endswith(".")] == []


def test_each_meaning_is_a_sentence():
    found = {reason: text for group in MEANINGS.values() for reason, text in group.items()}
    assert [reason for reason, text in found.items() if not text.endswith(".")] == []

"""A kind is an API file, a plan package, one line of the registry and an example; no more."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
API = '''
"""Note: what somebody wants remembered."""

from enum import StrEnum
from typing import Annotated

from plumbline.api.meta import GROUP, VERSION, LocalRef, Model, Observed, ObjectMeta, Status
from plumbline.api.objects import Resource
from pydantic import Field

NOTE = Resource(GROUP, VERSION, "Note", "notes")


class NoteReason(StrEnum):
    """Reasons of a Note's conditions."""

    KEPT = "Kept"
    """The note is stored."""


class NoteSpec(Model):
    """What to remember."""

    dataset_ref: LocalRef
    """The data that it is about."""
    text: Annotated[str, Field(max_length=64)] = ""
    """The text."""


class NoteStatus(Status):
    """What the operator has seen of the note."""


class Note(Observed):
    """Note is what somebody wants remembered about data."""

    metadata: ObjectMeta
    spec: NoteSpec
    status: NoteStatus = NoteStatus()
'''
PLAN = '''
"""The plan of a Note."""

from dataclasses import dataclass

from plumbline.api.columns import AGE, MESSAGE, READY_COLUMNS
from plumbline.api.plan import Plan
from plumbline.api.resources import CONFIG_MAP
from plumbline.api.v1alpha1.dataset import DATASET, Dataset
from plumbline.api.v1alpha1.note import NOTE, Note, NoteReason
from plumbline.plan.kind import Kind, Owns, Reads, Role, named


@dataclass(frozen=True, kw_only=True)
class NoteSnapshot:
    """A Note and its Dataset."""

    note: Note
    dataset: Dataset | None = None


def plan(snapshot: NoteSnapshot) -> Plan:
    """Return what should be true of a Note."""
    return Plan()


KIND = Kind(
    resource=NOTE,
    model=Note,
    short_name="note",
    columns=(*READY_COLUMNS, AGE, MESSAGE),
    writer=Role.DATA_SCIENTIST,
    reasons=NoteReason,
    subject="note",
    snapshot=NoteSnapshot,
    plan=plan,
    inputs=(
        Owns(resource=CONFIG_MAP),
        Reads(resource=DATASET, into="dataset", which=lambda n, _: named(n.spec.dataset_ref.name)),
    ),
)
'''
EXAMPLE = {
    "apiVersion": "plumbline.dev/v1alpha1",
    "kind": "Note",
    "metadata": {"name": "about", "namespace": "team"},
    "spec": {"datasetRef": {"name": "flights"}},
}
TRY = """
import asyncio, sys, yaml
from plumbline.api.objects import Key
from plumbline.api.resources import CONFIG_MAP
from plumbline.api.v1alpha1.dataset import DATASET
from plumbline.api.v1alpha1.note import NOTE
from plumbline.engine.cache import Cache
from plumbline.plan.registry import KINDS, OURS
from plumbline.shell.controllers import controllers
from plumbline.shell.object_reader import ObjectReader
from plumbline.shell.wakes import Wakes

note = yaml.safe_load(open(sys.argv[1]))
note["metadata"] |= {"uid": "n", "resourceVersion": "1"}
data = {"metadata": {"name": "flights", "namespace": "team"}}
owner = {"apiVersion": NOTE.api_version, "kind": "Note", "name": "about", "controller": True}
child = {"metadata": {"name": "c", "namespace": "team", "ownerReferences": [owner]}}
cache, key = Cache(), Key(NOTE, "team", "about")
cache.observe(key, note)
objects = ObjectReader(cache, KINDS)
wakes = Wakes(KINDS, cache, objects)
assert key in wakes.candidates(Key(DATASET, "team", "flights"), None, data)
assert key not in wakes.candidates(Key(DATASET, "team", "other"), None, {"metadata": {"name": "o"}})
assert key in wakes.candidates(Key(CONFIG_MAP, "team", "c"), None, child)
made = controllers(KINDS, cache=cache, objects=objects, results=None, sources={})
snapshot = asyncio.run(made[NOTE].gather(key))
assert snapshot.note.spec.dataset_ref.name == "flights" and made[NOTE].plan(snapshot) is not None
"""


def python(root: Path, *arguments: str) -> None:
    path = os.pathsep.join([str(root / "operator/src"), str(root)])
    command = [sys.executable, *arguments]
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def add(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.lstrip())


def test_a_new_kind_is_an_api_file_a_plan_package_a_line_and_an_example(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    for part in ("operator/src", "hack/generate", "charts", "crds", "manifests"):
        shutil.copytree(ROOT / part, root / part)  # with what is compiled already
    package = root / "operator/src/plumbline"
    add(package / "api/v1alpha1/note.py", API)
    add(package / "plan/note/__init__.py", '"""The plan of a Note."""\n')
    add(package / "plan/note/kind.py", PLAN)
    add(root / "manifests/examples/note.yaml", yaml.safe_dump(EXAMPLE))
    registry = package / "plan/registry.py"
    text = registry.read_text().replace(
        "    dataset.KIND,\n", "    dataset.KIND,\n    note.KIND,\n"
    )
    registry.write_text(
        text.replace('"""\n\n', '"""\n\nimport plumbline.plan.note.kind as note\n', 1)
    )

    python(root, "-m", "hack.generate", "--root", str(root))
    definition = yaml.safe_load((root / "crds/plumbline.dev_notes.yaml").read_text())
    assert definition["spec"]["names"]["shortNames"] == ["note"]
    assert "| Kept | The note is stored. |" in (root / "docs/reference/api.md").read_text()
    assert "plumbline.dev_Note" in (root / "manifests/argocd/argocd-cm.yaml").read_text()
    for role in ("operator", "data-scientist", "ml-engineer", "viewer"):
        rules = (root / f"charts/plumbline/generated/rbac/{role}.yaml").read_text()
        assert "- notes\n" in rules, role
    python(root, "-c", TRY, "manifests/examples/note.yaml")

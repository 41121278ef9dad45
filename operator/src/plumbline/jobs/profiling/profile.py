"""The profile step: read a Dataset's source, judge it by its rules, and keep it as a revision.

Broken data is an answer, not an error: the manifest then says Invalid and lists what is wrong.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from plumbline.contract.last_words import Success
from plumbline.contract.tasks import ProfileTask
from plumbline.jobs import verdicts
from plumbline.jobs.data import parts
from plumbline.jobs.data.digest import copies, rows_digest
from plumbline.jobs.data.parts import Loaded
from plumbline.jobs.data.sources import open_source
from plumbline.jobs.data.violations import Violation, of_files
from plumbline.jobs.places import Places
from plumbline.jobs.profiling import columns, snapshot
from plumbline.jobs.profiling.expectations import broken_expectations, broken_target
from plumbline.jobs.profiling.revision import Revision
from plumbline.jobs.profiling.rules import broken_rules
from plumbline.jobs.profiling.sides import broken_sides
from plumbline.jobs.profiling.spec import check_spec
from plumbline.jobs.task_file import read
from plumbline.store import Store


def run(places: Places, store: Store) -> Success:
    """Profile the source of the task and write the manifest."""
    task = read(places.task, ProfileTask)
    check_spec(task.schema_, task.question)
    places.scratch.mkdir(parents=True, exist_ok=True)
    loaded = parts.load(task, open_source(task.source, places), store, places.scratch)
    manifest = _unusable(task, loaded) or _judged(task, Revision.of(loaded), places, store)
    return verdicts.of_dataset(manifest, store.put_manifest(manifest), task.dataset.uid)


def _unusable(task: ProfileTask, loaded: Sequence[Loaded]) -> dict[str, Any] | None:
    """Return the manifest for files that are no tables, or None."""
    found = [violation for each in loaded for violation in each.table.violations]
    if not found:
        return None
    named = [_of_target(violation, task) for violation in of_files(found)]
    return {**_head(task, loaded), "digest": None, "rows": 0, **_broken(named)}


def _of_target(violation: Violation, task: ProfileTask) -> Violation:
    target = task.question.target if task.question else None
    missing = violation.rule == "ColumnMissing" and violation.column == target
    return replace(violation, rule="TargetMissing") if missing else violation


def _judged(task: ProfileTask, revision: Revision, places: Places, store: Store) -> dict[str, Any]:
    chosen = snapshot.chosen(task, revision.frame, store)
    body = {
        **_head(task, revision.loaded),
        "digest": rows_digest(task.schema_, revision.hashes),
        "rows": revision.frame.height,
        "columns": columns.profiles(revision.frame, task.schema_),
    }
    broken = _broken_by(task, revision) or broken_sides(revision.frame, chosen, task.question)
    kept = _broken(broken) if broken else snapshot.kept(task, revision, chosen, places, store)
    return {**body, **kept}


def _head(task: ProfileTask, loaded: Sequence[Loaded]) -> dict[str, Any]:
    return {
        "kind": "Dataset",
        "dataset": task.dataset.model_dump(mode="json"),
        "format": task.format,
        "schema": task.schema_.model_dump(mode="json", by_alias=True),
        "question": task.question and task.question.model_dump(mode="json", by_alias=True),
        "previous": task.previous,
        "bytes": sum(max(0, each.part.bytes) for each in loaded),
        "parts": [parts.line(each) for each in loaded],
        "columns": [],
        "violations": [],
        "holdout": None,
        "reference": None,
    }


def _broken(violations: Sequence[Violation]) -> dict[str, Any]:
    return {"violations": [each.as_dict() for each in violations], "verdict": "Invalid"}


def _broken_by(task: ProfileTask, revision: Revision) -> list[Violation]:
    frame, schema = revision.frame, task.schema_
    target = broken_target(frame, schema, task.question)
    said = {each.column for each in target if each.rule == "TargetMissing"}
    rules = broken_rules(frame, revision.bad_values, schema)
    rules = [each for each in rules if not (each.rule == "Null" and each.column in said)]
    sets = broken_expectations(frame, copies(revision.hashes), schema, task.expectations)
    return target + rules + sets

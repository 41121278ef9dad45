"""The profile step: read a Dataset's source, judge it by its rules, and keep it as a revision.

Broken data is an answer, not an error: the manifest then says Invalid and lists what is wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from plumbline.jobs import columns, holdout, parts, verdicts
from plumbline.jobs.digest import row_hashes, rows_digest
from plumbline.jobs.expectations import broken_expectations, broken_target
from plumbline.jobs.parts import Loaded
from plumbline.jobs.places import Places
from plumbline.jobs.references import reference
from plumbline.jobs.rules import broken_rules
from plumbline.jobs.source import open_source
from plumbline.jobs.tasks import ProfileTask, read
from plumbline.jobs.violations import Violation
from plumbline.store import Store


@dataclass(frozen=True, slots=True)
class Revision:
    """What was read.

    Attributes:
        frame: all rows in order of the files.
        hashes: 16 bytes for each row.
    """

    loaded: Sequence[Loaded]
    frame: pl.DataFrame
    hashes: Sequence[bytes]

    @property
    def copies(self) -> int:
        """How many rows are copies of another."""
        return len(self.hashes) - len(set(self.hashes))


def run(places: Places, store: Store) -> verdicts.Answer:
    """Profile the source of the task and write the manifest."""
    task = read(places.task, ProfileTask)
    places.scratch.mkdir(parents=True, exist_ok=True)
    loaded = parts.load(task, open_source(task.source, places), store, places.scratch)
    manifest = _unusable(task, loaded) or _judged(task, loaded, places, store)
    return verdicts.of_dataset(manifest, store.put_manifest(manifest), task.dataset.uid)


def _unusable(task: ProfileTask, loaded: Sequence[Loaded]) -> dict[str, Any] | None:
    """Return the manifest for files that are no tables, or None."""
    found = [violation for each in loaded for violation in each.table.violations]
    if not found:
        return None
    named = [_of_target(violation, task) for violation in found]
    return {**_head(task, loaded), "digest": None, "rows": 0, **_broken(named)}


def _of_target(violation: Violation, task: ProfileTask) -> Violation:
    target = task.question.target if task.question else None
    missing = violation.rule == "ColumnMissing" and violation.column == target
    return replace(violation, rule="TargetMissing") if missing else violation


def _judged(
    task: ProfileTask, loaded: Sequence[Loaded], places: Places, store: Store
) -> dict[str, Any]:
    frame = pl.concat([each.table.frame for each in loaded])
    revision = Revision(loaded, frame, row_hashes(frame))
    body = {
        **_head(task, loaded),
        "digest": rows_digest(task.schema_, revision.hashes),
        "rows": frame.height,
        "columns": columns.profiles(frame, task.schema_),
    }
    broken = _broken_by(task, revision)
    return {**body, **(_broken(broken) if broken else _kept(task, revision, places, store))}


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
    rules = broken_rules(frame, _bad_values(revision.loaded), schema)
    rules = [each for each in rules if not (each.rule == "Null" and each.column in said)]
    sets = broken_expectations(frame, revision.copies, schema, task.expectations)
    return target + rules + sets


def _bad_values(loaded: Sequence[Loaded]) -> dict[str, pl.Series]:
    """Return, for each column with values of another type, where they are over all files."""
    names = sorted({name for each in loaded for name in each.table.bad})
    return {name: pl.concat([_bad_in(each, name) for each in loaded]) for name in names}


def _bad_in(loaded: Loaded, name: str) -> pl.Series:
    none = pl.Series([False]).new_from_index(0, loaded.table.frame.height)
    return loaded.table.bad.get(name, none).alias(name)


def _kept(task: ProfileTask, revision: Revision, places: Places, store: Store) -> dict[str, Any]:
    """Store the rows with their holdout marks and return the rest of the manifest."""
    chosen = _split(task, revision.frame, store)
    held = chosen.held if chosen else revision.frame.select(pl.repeat(False, pl.len())).to_series()
    return {
        "parts": _parts(revision.loaded, held, places, store),
        "holdout": chosen and {**chosen.as_dict(), "digest": _held_digest(task, revision, held)},
        "reference": reference(revision.frame.filter(~held), task.schema_, task.question),
        "verdict": "Valid",
    }


def _split(task: ProfileTask, frame: pl.DataFrame, store: Store) -> holdout.Split | None:
    if task.question is None:
        return None
    rule = holdout.rule_of(task.question.holdout, task.schema_)
    before = (parts.previous_manifest(task, store) or {}).get("holdout") or {}
    same = before.get("by") == rule.by and before.get("column") == rule.columns[0]
    key = task.holdout_key or task.dataset.uid
    return holdout.split(frame, rule, key=key, floor=before.get("cut") if same else None)


def _held_digest(task: ProfileTask, revision: Revision, held: pl.Series) -> str:
    rows = (revision.hashes[index] for index in held.arg_true().to_list())
    return rows_digest(task.schema_, rows)


def _parts(
    loaded: Sequence[Loaded], held: pl.Series, places: Places, store: Store
) -> list[dict[str, Any]]:
    lines, begin = [], 0
    for each in loaded:
        rows = each.table.frame.height
        lines.append(parts.keep(each, held.slice(begin, rows), store, places.scratch))
        begin += rows
    return lines

"""Stores the rows of a valid fetch as a revision, each marked as held out or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from plumbline.api.v1alpha1.dataset import DataSchema
from plumbline.contract.dataset_manifest import DatasetManifest, HeldOut, Part, Reference
from plumbline.contract.tasks import ProfileTask
from plumbline.jobs.data import parts
from plumbline.jobs.data.digest import Hashes, row_hashes, rows_digest
from plumbline.jobs.data.parts import Loaded
from plumbline.jobs.paths import Paths
from plumbline.jobs.profiling import holdout
from plumbline.jobs.profiling.holdout import Rule, Split
from plumbline.jobs.profiling.looks import with_looks
from plumbline.jobs.profiling.references import reference
from plumbline.jobs.profiling.revision import Revision
from plumbline.store import Store


@dataclass(frozen=True, slots=True)
class StoredRows:
    """The rows that were stored, as the manifest describes them."""

    parts: tuple[Part, ...]
    holdout: HeldOut | None
    reference: Reference


def choose_holdout(
    task: ProfileTask, frame: pl.DataFrame, paths: Paths, store: Store, now: datetime
) -> Split | None:
    """Return which rows are held out; None if the Dataset has no question."""
    if task.question is None:
        return None
    rule = holdout.rule_of(task.question.holdout, task.schema_)
    previous = parts.previous_manifest(task, store)
    floor = _floor(previous, rule, paths, store) if previous else None
    return holdout.split(frame, rule, key=task.holdout_key, now=now, floor=floor)


def _floor(previous: DatasetManifest, rule: Rule, paths: Paths, store: Store) -> Any:
    """Return the cut of the revision before; that of another column says nothing about this one.

    A personal cut stands in no manifest: it is the earliest time among the rows that are held out.
    """
    before, column = previous.holdout, rule.columns[0]
    if before is None or (before.by, before.column) != (rule.by, column):
        return None
    if before.by == "Time" and before.cut is None and before.rows:
        return parts.held_values(previous, column, store, paths.scratch).min()
    return before.cut


def is_personal(split: Split, schema: DataSchema) -> bool:
    """Whether the values that decide which rows are held out are personal."""
    names = {column.name for column in schema.columns if column.personal}
    return bool(names & {*split.rule.columns})


def store_rows(
    task: ProfileTask, revision: Revision, split: Split | None, paths: Paths, store: Store
) -> StoredRows:
    """Store the rows, each with its mark."""
    frame = revision.frame
    held = split.held if split else pl.repeat(False, frame.height, eager=True)
    previous = parts.previous_manifest(task, store)
    return StoredRows(
        _parts(revision.loaded, held, paths, store),
        _held_out(split, revision, task, previous) if split else None,
        reference(frame, held, task.schema_, task.question),
    )


def _held_out(
    split: Split, revision: Revision, task: ProfileTask, previous: DatasetManifest | None
) -> HeldOut:
    targets, hashes = None, revision.hashes[split.held.to_numpy()]
    if task.question:
        targets = revision.frame[task.question.target].filter(split.held).drop_nulls().n_unique()
    found = split.manifest_entry(
        rows_digest(task.schema_, hashes),
        personal=is_personal(split, task.schema_),
        targets=targets,
    )
    sampled = _sampled(revision, split, task.schema_, hashes)
    return with_looks(found, sampled, previous.holdout if previous else None)


def _sampled(revision: Revision, split: Split, schema: DataSchema, hashes: Hashes) -> Hashes:
    """Return the hashes of held-out rows without their personal columns, which could be guessed."""
    open_ = [column.name for column in schema.columns if not column.personal]
    if len(open_) == len(schema.columns) or not open_:
        return hashes[: len(hashes) if open_ else 0]
    return row_hashes(revision.frame.filter(split.held).select(open_))


def _parts(
    loaded: Sequence[Loaded], held: pl.Series, paths: Paths, store: Store
) -> tuple[Part, ...]:
    entries, begin = [], 0
    for each in loaded:
        rows = each.table.frame.height
        entries.append(parts.keep(each, held.slice(begin, rows), store, paths.scratch))
        begin += rows
    return tuple(entries)

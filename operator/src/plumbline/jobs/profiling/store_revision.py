"""Stores the rows of a valid fetch as a revision, each marked as held out or not."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from plumbline.contract.dataset_manifest import HeldOut, Part, Reference
from plumbline.contract.tasks import ProfileTask
from plumbline.jobs.data import parts
from plumbline.jobs.data.digest import rows_digest
from plumbline.jobs.data.parts import Loaded
from plumbline.jobs.paths import Paths
from plumbline.jobs.profiling import holdout
from plumbline.jobs.profiling.holdout import Split
from plumbline.jobs.profiling.references import reference
from plumbline.jobs.profiling.revision import Revision
from plumbline.store import Store


@dataclass(frozen=True, slots=True)
class StoredRows:
    """The rows that were stored, as the manifest describes them."""

    parts: tuple[Part, ...]
    holdout: HeldOut | None
    reference: Reference


def choose_holdout(task: ProfileTask, frame: pl.DataFrame, store: Store) -> Split | None:
    """Return which rows are held out; None if the Dataset has no question."""
    if task.question is None:
        return None
    rule = holdout.rule_of(task.question.holdout, task.schema_)
    previous = parts.previous_manifest(task, store)
    before = previous.holdout if previous else None
    same = before and (before.by, before.column) == (rule.by, rule.columns[0])
    # A cut of another column says nothing about this one.
    floor = before.cut if before and same else None
    return holdout.split(frame, rule, key=task.holdout_key, floor=floor)


def store_rows(
    task: ProfileTask, revision: Revision, split: Split | None, paths: Paths, store: Store
) -> StoredRows:
    """Store the rows, each with its mark."""
    frame = revision.frame
    held = split.held if split else pl.repeat(False, frame.height, eager=True)
    digest = rows_digest(task.schema_, revision.hashes[held.to_numpy()])
    return StoredRows(
        _parts(revision.loaded, held, paths, store),
        split.manifest_entry(digest) if split else None,
        reference(frame, held, task.schema_, task.question),
    )


def _parts(
    loaded: Sequence[Loaded], held: pl.Series, paths: Paths, store: Store
) -> tuple[Part, ...]:
    entries, begin = [], 0
    for each in loaded:
        rows = each.table.frame.height
        entries.append(parts.keep(each, held.slice(begin, rows), store, paths.scratch))
        begin += rows
    return tuple(entries)

"""The profile step: read the source of a Dataset, check its rules, and store it as a revision.

Data that breaks rules is a result, not an error: the manifest says Invalid and lists the rules.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from plumbline.contract.dataset_manifest import DatasetManifest
from plumbline.contract.last_words import Success
from plumbline.contract.tasks import ProfileTask
from plumbline.jobs import verdicts
from plumbline.jobs.data import parts
from plumbline.jobs.data.digest import copies, rows_digest
from plumbline.jobs.data.parts import Loaded
from plumbline.jobs.data.sources import open_source
from plumbline.jobs.data.violations import Violation, of_files
from plumbline.jobs.paths import Paths
from plumbline.jobs.profiling import columns, store_revision
from plumbline.jobs.profiling.expectations import broken_expectations, broken_target
from plumbline.jobs.profiling.revision import Revision
from plumbline.jobs.profiling.rules import broken_rules
from plumbline.jobs.profiling.sides import broken_sides
from plumbline.jobs.profiling.spec import check_spec
from plumbline.jobs.profiling.store_revision import StoredRows
from plumbline.jobs.profiling.times import odd_times
from plumbline.jobs.task_file import read
from plumbline.store import Store


def run(paths: Paths, store: Store) -> Success:
    """Profile the source of the task and write the manifest."""
    task = read(paths.task, ProfileTask)
    check_spec(task.schema_, task.question)
    paths.scratch.mkdir(parents=True, exist_ok=True)
    loaded = parts.load(task, open_source(task.source, paths), store, paths.scratch)
    manifest = _unusable(task, loaded) or _judged(task, Revision.of(loaded), paths, store)
    return verdicts.of_dataset(manifest, store.put_manifest(manifest.wire))


def _unusable(task: ProfileTask, loaded: Sequence[Loaded]) -> DatasetManifest | None:
    """Return the manifest for files that are not tables; None if all are."""
    found = [violation for each in loaded for violation in each.table.violations]
    if not found:
        return None
    return _manifest(task, loaded, [_of_target(violation, task) for violation in of_files(found)])


def _of_target(violation: Violation, task: ProfileTask) -> Violation:
    target = task.question.target if task.question else None
    missing = violation.rule == "ColumnMissing" and violation.column == target
    return replace(violation, rule="TargetMissing") if missing else violation


def _judged(task: ProfileTask, revision: Revision, paths: Paths, store: Store) -> DatasetManifest:
    frame, schema, now = revision.frame, task.schema_, datetime.now(UTC)
    split = store_revision.choose_holdout(task, frame, paths, store, now)
    broken = _broken_by(task, revision) or broken_sides(frame, split, schema, task.question)
    stored = None if broken else store_revision.store_rows(task, revision, split, paths, store)
    odd = tuple(each.manifest_entry for each in odd_times(frame, split, schema, now))
    return _manifest(task, revision.loaded, broken, revision, stored).model_copy(
        update={"warnings": odd}
    )


def _manifest(
    task: ProfileTask,
    loaded: Sequence[Loaded],
    broken: Sequence[Violation],
    revision: Revision | None = None,
    stored: StoredRows | None = None,
) -> DatasetManifest:
    """Return what the Job found: the rules that the rows break, or the rows that were stored."""
    return DatasetManifest(
        kind="Dataset",
        dataset=task.dataset,
        verdict="Valid" if stored else "Invalid",
        digest=rows_digest(task.schema_, revision.hashes) if revision else None,
        rows=revision.frame.height if revision else 0,
        bytes=sum(max(0, each.part.bytes) for each in loaded),
        format=task.format,
        schema_=task.schema_,
        question=task.question,
        previous=task.previous,
        parts=stored.parts if stored else tuple(parts.manifest_entry(each) for each in loaded),
        columns=columns.profiles(revision.frame, task.schema_) if revision else (),
        violations=tuple(each.manifest_entry for each in broken),
        holdout=stored.holdout if stored else None,
        reference=stored.reference if stored else None,
    )


def _broken_by(task: ProfileTask, revision: Revision) -> list[Violation]:
    frame, schema = revision.frame, task.schema_
    target = broken_target(frame, schema, task.question)
    said = {each.column for each in target if each.rule == "TargetMissing"}
    rules = broken_rules(frame, revision.bad_values, schema)
    rules = [each for each in rules if not (each.rule == "Null" and each.column in said)]
    sets = broken_expectations(frame, copies(revision.hashes), schema, task.expectations)
    return target + rules + sets

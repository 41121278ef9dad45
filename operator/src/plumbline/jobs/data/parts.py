"""The parts of a snapshot: one typed table for each source file, kept while the file stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from plumbline.api.v1alpha1.dataset import DataSchema
from plumbline.contract import manifests
from plumbline.contract.dataset_manifest import DatasetManifest
from plumbline.contract.dataset_manifest import Part as Line
from plumbline.contract.tasks import ProfileTask
from plumbline.jobs.data.source import Part, Source
from plumbline.jobs.data.tables import Table, read_table
from plumbline.store import Damaged, Missing, Store

HELD = "__holdout"
BLOB_LIMIT_BYTES = 8 << 30
_Seen = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A part and its rows.

    Attributes:
        held: the column that said which rows are held out, if the rows come from the store.
        blob: where those rows are kept.
    """

    part: Part
    table: Table
    held: pl.Series | None = None
    blob: str | None = None


def load(task: ProfileTask, source: Source, store: Store, scratch: Path) -> list[Loaded]:
    """Return all parts in order of their names; unchanged ones come from the store."""
    known = _known(task, store)
    return [
        _kept(part, known, store, scratch) or _fetched(part, task, source, scratch)
        for part in source.parts()
    ]


def keep(loaded: Loaded, held: pl.Series, store: Store, scratch: Path) -> Line:
    """Store a part's rows, unless they are there already, and return its line in the manifest."""
    blob = loaded.blob
    if blob is None or loaded.held is None or not loaded.held.equals(held):
        path = scratch / "part.parquet"
        loaded.table.frame.with_columns(held.alias(HELD)).write_parquet(path, compression="zstd")
        blob = store.put_blob(path)
        path.unlink()
    return line(loaded, blob=blob)


def line(loaded: Loaded, **kept: str) -> Line:
    """Return what the manifest says of a part, and where its rows are kept if they are."""
    part, rows = loaded.part, loaded.table.frame.height
    return Line(source=part.source, etag=part.version, rows=rows, bytes=part.bytes, **kept)


def previous_manifest(task: ProfileTask, store: Store) -> DatasetManifest | None:
    """Return the manifest of the last good revision, if there is one and it can be read."""
    if task.previous is None:
        return None
    manifest = manifests.parsed(DatasetManifest, store.get_manifest(task.previous))
    return manifest if manifest and manifest.verdict == "Valid" else None


def _known(task: ProfileTask, store: Store) -> dict[_Seen, Line]:
    """Return the previous parts that were read the same way, by source, version and size."""
    manifest = previous_manifest(task, store)
    if manifest is None or manifest.format != task.format:
        return {}
    if not _reads_alike(manifest.schema_, task.schema_):
        return {}
    return {(part.source, part.etag, part.bytes): part for part in manifest.parts if part.etag}


def _reads_alike(before: DataSchema, now: DataSchema) -> bool:
    """Whether what was read by a manifest's schema is what this one would read, or refuse.

    Columns that nobody declared are in no part: to be strict about them, files are read again.
    """
    columns = [(column.name, column.type) for column in before.columns]
    wanted = [(column.name, column.type) for column in now.columns]
    return columns == wanted and (before.strict or not now.strict)


def _kept(
    part: Part,
    known: Mapping[_Seen, Line],
    store: Store,
    scratch: Path,
) -> Loaded | None:
    """Return an unchanged part from the store; a lost or damaged copy is fetched again."""
    before = known.get((part.source, part.version, part.bytes))
    if before is None:
        return None
    path = scratch / "kept.parquet"
    try:
        store.download_blob(before.blob, path, limit_bytes=BLOB_LIMIT_BYTES)
    except (Missing, Damaged):
        return None
    frame = pl.read_parquet(path)
    path.unlink()
    return Loaded(part, Table(frame.drop(HELD)), frame[HELD], before.blob)


def _fetched(part: Part, task: ProfileTask, source: Source, scratch: Path) -> Loaded:
    path = scratch / "fetched"
    source.fetch(part, path)
    table = read_table(path, part.source, task.format, task.schema_)
    path.unlink()
    return Loaded(part, table)

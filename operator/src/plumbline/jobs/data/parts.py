"""The parts of a revision: one typed table for each source file, reused while it is unchanged."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from plumbline.api.v1alpha1.dataset import DataSchema
from plumbline.contract import manifests
from plumbline.contract.dataset_manifest import DatasetManifest
from plumbline.contract.dataset_manifest import Part as ManifestPart
from plumbline.contract.tasks import ProfileTask
from plumbline.jobs.data.source import Source, SourceFile
from plumbline.jobs.data.tables import Table, read_table
from plumbline.store import Damaged, Missing, Store

HELD = "__holdout"
# Rises when a release reads the same file as other values: the files are read once more then.
_READING = 2
BLOB_LIMIT_BYTES = 8 << 30
_Seen = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A part and its rows.

    Attributes:
        held: which rows are held out, if the rows come from the store.
        blob: where these rows are in the store.
    """

    part: SourceFile
    table: Table
    held: pl.Series | None = None
    blob: str | None = None


def load(task: ProfileTask, source: Source, store: Store, scratch: Path) -> list[Loaded]:
    """Return all parts in order of their names; unchanged parts come from the store."""
    known = _known(task, store)
    return [
        _kept(part, known, store, scratch) or _fetched(part, task, source, scratch)
        for part in source.files()
    ]


def keep(loaded: Loaded, held: pl.Series, store: Store, scratch: Path) -> ManifestPart:
    """Store the rows of a part, unless they are stored, and return its entry in the manifest."""
    blob = loaded.blob
    if blob is None or loaded.held is None or not loaded.held.equals(held):
        path = scratch / "part.parquet"
        loaded.table.frame.with_columns(held.alias(HELD)).write_parquet(path, compression="zstd")
        blob = store.put_blob(path)
        path.unlink()
    return manifest_entry(loaded, blob=blob)


def manifest_entry(loaded: Loaded, **kept: str) -> ManifestPart:
    """Return the entry of a part in the manifest; `kept` says where its rows are, if stored."""
    part, rows = loaded.part, loaded.table.frame.height
    size, read = part.bytes, _READING
    return ManifestPart(
        source=part.source, etag=part.version, rows=rows, bytes=size, reading=read, **kept
    )


def previous_manifest(task: ProfileTask, store: Store) -> DatasetManifest | None:
    """Return the manifest of the last valid revision; None if there is none that can be read."""
    if task.previous is None:
        return None
    manifest = manifests.read_or_none(DatasetManifest, store.get_manifest(task.previous))
    return manifest if manifest and manifest.verdict == "Valid" else None


def held_values(manifest: DatasetManifest, column: str, store: Store, scratch: Path) -> pl.Series:
    """Return the values of a column in the held-out rows of a revision."""
    path, found = scratch / "before.parquet", [pl.DataFrame()]
    for part in manifest.parts:
        store.download_blob(part.blob, path, limit_bytes=BLOB_LIMIT_BYTES)
        rows = pl.scan_parquet(path, hive_partitioning=False).filter(pl.col(HELD))
        found.append(rows.select(column).collect())
        path.unlink()
    return pl.concat(found, how="diagonal")[column]


def _known(task: ProfileTask, store: Store) -> dict[_Seen, ManifestPart]:
    """Return the previous parts that can be reused, by source, version and size."""
    manifest = previous_manifest(task, store)
    if manifest is None or manifest.format != task.format:
        return {}
    if not _reads_alike(manifest.schema_, task.schema_):
        return {}
    alike = [part for part in manifest.parts if part.etag and part.reading == _READING]
    return {(part.source, part.etag, part.bytes): part for part in alike}


def _reads_alike(before: DataSchema, now: DataSchema) -> bool:
    """Whether a file read with the schema `before` gives the same table with the schema `now`.

    A stored part has no columns outside of the schema. So when `strict` is switched on, the files
    are read again to find such columns.
    """
    columns = [(column.name, column.type) for column in before.columns]
    wanted = [(column.name, column.type) for column in now.columns]
    return columns == wanted and (before.strict or not now.strict)


def _kept(
    part: SourceFile,
    known: Mapping[_Seen, ManifestPart],
    store: Store,
    scratch: Path,
) -> Loaded | None:
    """Return an unchanged part from the store; None if its copy is lost or damaged."""
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


def _fetched(part: SourceFile, task: ProfileTask, source: Source, scratch: Path) -> Loaded:
    path = scratch / "fetched"
    source.fetch(part, path)
    table = read_table(path, part.source, task.format, task.schema_)
    path.unlink()
    return Loaded(part, table)

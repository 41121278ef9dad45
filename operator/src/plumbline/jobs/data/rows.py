"""The rows of a revision, out of the store, in an order that does not depend on files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from plumbline.jobs.data.parts import BLOB_LIMIT_BYTES, HELD
from plumbline.jobs.failures import JobFailed
from plumbline.store import Store


def dataset_manifest(store: Store, digest: str) -> dict[str, Any]:
    """Return the manifest of a usable revision."""
    manifest = store.get_manifest(digest)
    if manifest.get("kind") != "Dataset" or manifest.get("verdict") != "Valid":
        raise JobFailed("DatasetInvalid", f"manifest {digest} is not a valid Dataset revision.")
    return manifest


def read_rows(
    manifest: Mapping[str, Any], store: Store, scratch: Path, *, held: bool, target: str
) -> pl.DataFrame:
    """Return the rows of one side of the holdout that have a target.

    Args:
        manifest: of the Dataset revision.
        store: where its parts are.
        scratch: a folder for the parts.
        held: true for the rows that judge, false for the rows to train on.
        target: the column that must have a value.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    path, found = scratch / "rows.parquet", []
    for part in manifest["parts"]:
        store.download_blob(part["blob"], path, limit_bytes=BLOB_LIMIT_BYTES)
        wanted = (pl.col(HELD) == held) & pl.col(target).is_not_null()
        rows = pl.scan_parquet(path, hive_partitioning=False).filter(wanted).drop(HELD)
        found.append(rows.collect(engine="streaming"))
    path.unlink(missing_ok=True)
    return _ordered(pl.concat(found), manifest["schema"])


def _ordered(frame: pl.DataFrame, schema: Mapping[str, Any]) -> pl.DataFrame:
    """Sort by time (if there is one), then by a hash of everything: same rows, same order."""
    time = [frame[schema["timeColumn"]].alias("time")] if schema.get("timeColumn") else []
    content = frame.select(sorted(frame.columns)).hash_rows(seed=0).alias("content")
    keys = pl.DataFrame([*time, content]).with_row_index("row")
    names = [key.name for key in (*time, content)]
    return frame[keys.sort(*names, nulls_last=True)["row"]]

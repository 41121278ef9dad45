"""The rows of a revision, out of the store, in an order that does not depend on files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from plumbline.jobs.failures import JobFailed
from plumbline.jobs.parts import BLOB_LIMIT_BYTES, HELD
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
        found.append(pl.read_parquet(path).filter(wanted).drop(HELD))
    path.unlink(missing_ok=True)
    return _ordered(pl.concat(found), manifest["schema"])


def _ordered(frame: pl.DataFrame, schema: Mapping[str, Any]) -> pl.DataFrame:
    """Sort by time (if there is one), then by everything: same rows, same order."""
    time: Sequence[str] = [schema["timeColumn"]] if schema.get("timeColumn") else []
    rest = sorted(name for name in frame.columns if name not in time)
    return frame.sort([*time, *rest], nulls_last=True, maintain_order=True)

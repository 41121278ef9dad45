"""The rows of a revision from the store, in an order that does not depend on files."""

from pathlib import Path
from typing import TypeVar

import polars as pl

from plumbline.api.v1alpha1.dataset import DataSchema
from plumbline.api.v1alpha1.training_run import RunDataset
from plumbline.contract import manifests
from plumbline.contract.dataset_manifest import DatasetManifest
from plumbline.contract.model_manifest import ModelManifest, TrainingManifest
from plumbline.jobs.data.parts import BLOB_LIMIT_BYTES, HELD
from plumbline.jobs.failures import JobFailed
from plumbline.store import Store

# "sha256:" and 12 digits.
_SHOWN = 19
Kind = TypeVar("Kind", TrainingManifest, ModelManifest)


def dataset_manifest(store: Store, dataset: RunDataset) -> DatasetManifest:
    """Return the manifest of a valid revision."""
    name, digest = dataset.name, dataset.manifest
    manifest = manifests.read_or_none(DatasetManifest, store.get_manifest(digest))
    if manifest is None or manifest.verdict != "Valid":
        message = f"Revision {dataset.revision} of Dataset {name} cannot be read"
        command = f"kubectl annotate dataset {name} plumbline.dev/refresh=$(date +%s) --overwrite"
        advice = f"Run {command} to read its source again, then create a new TrainingRun"
        raise JobFailed("RevisionUnreadable", f"{message} (manifest {digest[:_SHOWN]}). {advice}.")
    return manifest


def read_manifest(store: Store, digest: str, kind: type[Kind]) -> Kind:
    """Return the manifest of a model, trained or evaluated."""
    try:
        return manifests.read(kind, store.get_manifest(digest))
    except ValueError as error:
        message = f"This version of Plumbline cannot read the model of manifest {digest[:_SHOWN]}."
        raise JobFailed("ModelInvalid", f"{message} Create a new TrainingRun.") from error


def read_rows(
    manifest: DatasetManifest, store: Store, scratch: Path, *, held: bool, target: str
) -> pl.DataFrame:
    """Return the rows of one side of the holdout that have a target.

    Args:
        manifest: of the Dataset revision.
        store: where its parts are.
        scratch: a folder for the parts.
        held: true for the rows of the holdout, false for the rows to train on.
        target: the column that must have a value.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    path, found = scratch / "rows.parquet", []
    for part in manifest.parts:
        store.download_blob(part.blob, path, limit_bytes=BLOB_LIMIT_BYTES)
        wanted = (pl.col(HELD) == held) & pl.col(target).is_not_null()
        rows = pl.scan_parquet(path, hive_partitioning=False).filter(wanted).drop(HELD)
        found.append(rows.collect(engine="streaming"))
    path.unlink(missing_ok=True)
    return _ordered(pl.concat(found), manifest.schema_)


def _ordered(frame: pl.DataFrame, schema: DataSchema) -> pl.DataFrame:
    """Sort by time, if there is one, then by a hash of the row: same rows, same order."""
    time = [frame[schema.time_column].alias("time")] if schema.time_column else []
    content = frame.select(sorted(frame.columns)).hash_rows(seed=0).alias("content")
    keys = pl.DataFrame([*time, content]).with_row_index("row")
    names = [key.name for key in (*time, content)]
    return frame[keys.sort(*names, nulls_last=True)["row"]]

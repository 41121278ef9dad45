"""Brings a model from the store to a directory, and checks every file against its digest."""

import os
from pathlib import Path

from plumbline.store import Store

DESCRIPTION_KIND = "Model"


class FetchError(Exception):
    """The manifest does not describe a model that can be served."""


def fetch(manifest_digest: str, folder: Path) -> None:
    """Write the files of a model into a directory.

    Raises:
        StoreError: the store cannot be read, or a file is damaged.
        FetchError: the manifest is of another kind or names a file outside of the directory.
    """
    store = Store.open()
    manifest = store.get_manifest(manifest_digest)
    if manifest.get("kind") != DESCRIPTION_KIND:
        raise FetchError(f"{manifest_digest} is a {manifest.get('kind')}, not a Model")
    folder.mkdir(parents=True, exist_ok=True)
    for file in manifest["model"]["files"]:
        name = file["path"]
        if os.path.basename(name) != name or name in ("", ".", ".."):
            raise FetchError(f"{manifest_digest} names the file {name!r} outside of its directory")
        store.download_blob(file["blob"], folder / name)

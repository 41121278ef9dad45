"""Brings a model from the store to a directory, and checks every file against its digest."""

import os
from pathlib import Path

from plumbline.contract.served_files import files_of
from plumbline.store import Store


class FetchError(Exception):
    """The manifest does not describe a model that can be served."""


def fetch(manifest_digest: str, folder: Path) -> None:
    """Write the files of a model into a directory.

    Raises:
        StoreError: the store cannot be read, or a file is damaged.
        FetchError: the manifest is of another kind or names a file outside of the directory.
    """
    store = Store.open()
    try:
        files = files_of(store.get_manifest(manifest_digest))
    except ValueError as error:
        raise FetchError(f"{manifest_digest} is no model that can be served: {error}") from error
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        name = file.path
        if os.path.basename(name) != name or name in ("", ".", ".."):
            raise FetchError(f"{manifest_digest} names the file {name!r} outside of its directory")
        store.download_blob(file.blob, folder / name)

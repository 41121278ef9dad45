"""Downloads a model from the store to a folder, and checks each file against its digest."""

import os
from pathlib import Path

from plumbline.contract.served_files import File, files_of
from plumbline.store import Store

# "sha256:" and 12 digits.
_SHOWN = 19


class FetchError(Exception):
    """The manifest does not describe a model that can be served."""


def fetch(manifest_digest: str, folder: Path) -> None:
    """Write the files of a model to a folder.

    Raises:
        StoreError: the store cannot be read, or a file is damaged.
        FetchError: the manifest has another kind, or names a file outside of the folder.
    """
    store, shown = Store.open(), f"Manifest {manifest_digest[:_SHOWN]}"
    try:
        files = files_of(store.get_manifest(manifest_digest))
    except ValueError as error:
        raise FetchError(f"{shown} is not a model that can be served: {error}.") from error
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        name = file.path
        if os.path.basename(name) != name or name in ("", ".", "..") or "\0" in name:
            message = f"{shown} names the file {name!r}, which is outside its folder."
            raise FetchError(f"{message} Check who can write to the store, then train again.")
        _download(store, file, folder, shown)


def _download(store: Store, file: File, folder: Path, shown: str) -> None:
    try:
        store.download_blob(file.blob, folder / file.path)
    except ValueError as error:
        raise FetchError(f"{shown} is not a model that can be served: {error}.") from error

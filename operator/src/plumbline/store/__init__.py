"""Artifacts by digest: immutable blobs, and the manifests that refer to them.

Example:
    store = Store.open()  # PLUMBLINE_STORE_URL and the usual AWS_ variables
    digest = store.put_blob(b"...")  # the same bytes are stored only once
    store.get_blob(digest, limit_bytes=1_000_000)
"""

from plumbline.store.errors import (
    BucketMissing,
    Changed,
    CredentialsRefused,
    Damaged,
    Missing,
    StoreError,
    TooLarge,
    Unreachable,
)
from plumbline.store.location import Location
from plumbline.store.objects import Entry, Objects
from plumbline.store.store import Store

__all__ = [
    "BucketMissing",
    "Changed",
    "CredentialsRefused",
    "Damaged",
    "Entry",
    "Location",
    "Missing",
    "Objects",
    "Store",
    "StoreError",
    "TooLarge",
    "Unreachable",
]

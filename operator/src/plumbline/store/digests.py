"""Digests of content, `sha256:<hex>`, and the canonical bytes of a manifest."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_CHUNK_BYTES = 1 << 20


def of_bytes(content: bytes) -> str:
    """Return the digest of these bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def of_file(path: Path) -> str:
    """Return the digest of a file without reading it into memory at once."""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def hex_of(digest: str) -> str:
    """Return the hex part of a well-formed digest.

    Raises:
        ValueError: it is not `sha256:` and 64 lower-case hex digits, so it is no safe path.
    """
    if not _DIGEST.fullmatch(digest):
        raise ValueError(f"not a digest: {digest[:80]!r}; expected sha256:<64 hex digits>")
    return digest.removeprefix("sha256:")


def canonical(manifest: Mapping[str, Any]) -> bytes:
    """Return the canonical bytes of a manifest: equal manifests have equal digests."""
    return json.dumps(
        manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()

"""The canonical text of a value (equal values have equal texts), digests, and short hashes."""

import hashlib
import json
from typing import Any


def text(value: Any) -> str:
    """Return the canonical JSON: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(content: str) -> str:
    """Return the digest of a text, such as `sha256:9f86...`."""
    return f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"


def short(value: Any, *, length: int = 8) -> str:
    """Return the first hexadecimal digits of a value's hash, for names."""
    return hashlib.sha256(text(value).encode()).hexdigest()[:length]

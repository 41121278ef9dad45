"""The digest of what was applied, kept on the object itself.

It tells a field that we no longer want, which must go, from one that somebody else has set, which
stays: when the digest differs the whole manifest is applied again and the server removes the rest.
"""

import hashlib
import json
from typing import Any

from plumbline.api.objects import Manifest

APPLIED = "plumbline.dev/applied"


def with_digest(manifest: Manifest) -> dict[str, Any]:
    """Return the manifest with its own digest as an annotation."""
    metadata = dict(manifest["metadata"])
    metadata["annotations"] = {**metadata.get("annotations", {}), APPLIED: digest_of(manifest)}
    return {**manifest, "metadata": metadata}


def applied_digest(obj: Manifest) -> str:
    """Return the digest that an object carries, empty when it was never applied."""
    return str(obj["metadata"].get("annotations", {}).get(APPLIED, ""))


def digest_of(manifest: Manifest) -> str:
    """Return the SHA-256 of a manifest, the same for the same content in any order of keys."""
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()

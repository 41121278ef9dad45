"""The digest of the applied manifest, stored as an annotation of the object.

A field that is no longer in the manifest must be removed, but a field that another client has set
must stay. When the digest differs, the complete manifest is applied again, and the server removes
what we applied before and no longer apply.
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
    """Return the digest of an object, empty when it was never applied."""
    return str(obj["metadata"].get("annotations", {}).get(APPLIED, ""))


def digest_of(manifest: Manifest) -> str:
    """Return the SHA-256 of a manifest, the same for the same content in any order of keys."""
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()

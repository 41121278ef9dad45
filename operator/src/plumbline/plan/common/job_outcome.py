"""What is known of one Job."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from plumbline.api.objects import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOutcome:
    """What is known of one Job, from its status, its pods' messages and the store.

    Attributes:
        state: Active while it may still end well.
        reason: CamelCase word when it failed or cannot start, such as OOMKilled.
        message: what was seen, where, and what to do.
        since: when that which keeps an active Job began, as far as it is known.
        manifest: digest of the manifest that the Job wrote, if it got so far.
        record: content of that manifest, read from the store and verified.
    """

    state: Literal["Active", "Succeeded", "Failed"]
    reason: str = ""
    message: str = ""
    since: datetime | None = None
    manifest: str | None = None
    record: Manifest | None = None

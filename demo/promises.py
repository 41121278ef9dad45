"""What the story promises, and which of it a telling did not keep."""

from collections.abc import Mapping
from typing import Any


def broken(result: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each promise that the figures break."""
    before, after = result["auc_before"], result["auc_after"]
    kept = {
        f"{result['quiet_alarms']} alarms on days like those trained on": not result[
            "quiet_alarms"
        ],
        f"{result['failed']} of {result['requests']} requests failed": not result["failed"],
        f"the healed model is no better: AUC {after} after {before}": after > before,
    }
    return [sentence for sentence, holds in kept.items() if not holds]

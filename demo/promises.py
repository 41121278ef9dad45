"""The promises of the demo, and which of them a run did not keep."""

from collections.abc import Mapping
from typing import Any


def broken(result: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each promise that the results do not keep."""
    before, after = result["auc_before"], result["auc_after"]
    kept = {
        f"There were {result['quiet_alarms']} alarms on days without drift.": not result[
            "quiet_alarms"
        ],
        f"{result['failed']} of {result['requests']} requests failed.": not result["failed"],
        f"The new model is not better: AUC {after}, before {before}.": after > before,
    }
    return [sentence for sentence, holds in kept.items() if not holds]

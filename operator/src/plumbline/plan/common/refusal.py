"""What an object says when the API server or the store refuses what its plan needs."""

from collections.abc import Sequence

from plumbline.api import decision
from plumbline.api.objects import Manifest
from plumbline.plan.common import conditions
from plumbline.plan.common.conditions import READY, RECONCILING, STALLED

OURS = (READY, RECONCILING, STALLED)


def refused(
    stored: Sequence[Manifest],
    reason: str,
    message: str,
    *,
    passes: bool,
    when: str = "when there is room",
) -> list[Manifest]:
    """Return all conditions of the object.

    Args:
        stored: its conditions as they are stored.
        reason: why the write was refused, in one word.
        message: the server's own words.
        passes: whether it may be allowed later without a change of the object, as with quota; what
            is ready then stays so.
        when: what it waits for then.
    """
    kept = [each for each in stored if each["type"] not in OURS]
    if not passes:
        return [*conditions.of(decision.stalled("refused", reason, message)), *kept]
    text = f"{message.rstrip('. ')}. It goes on by itself {when}."
    told = conditions.of(decision.working("refused.passes", reason, text))
    is_ready = [each for each in stored if each["type"] == READY and each["status"] == "True"]
    return [*(is_ready or told[:1]), *told[1:], *kept]

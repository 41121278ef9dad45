"""The conditions of an object when the API server or the store refuses what its plan needs."""

from collections.abc import Sequence

from plumbline.api import decision
from plumbline.api.objects import Manifest
from plumbline.api.sentences import sentence
from plumbline.plan.common import conditions
from plumbline.plan.common.conditions import READY, RECONCILING, STALLED

REPLACED = (READY, RECONCILING, STALLED)


def refused(
    stored: Sequence[Manifest],
    reason: str,
    message: str,
    *,
    passes: bool,
    when: str = "when the quota allows it",
) -> list[Manifest]:
    """Return all conditions of the object whose write was refused.

    Args:
        stored: its conditions as they are stored.
        reason: the reason of the conditions.
        message: the server's message.
        passes: whether it may be allowed later without a change of the object, as with a quota; an
            object that is ready then stays ready.
        when: when it continues in that case.
    """
    others = [each for each in stored if each["type"] not in REPLACED]
    if not passes:
        return [*conditions.of(decision.stalled("refused", reason, sentence(message))), *others]
    text = f"{sentence(message)} Plumbline tries again, and continues {when}."
    ready, *work = conditions.of(decision.working("refused.passes", reason, text))
    was_ready = [each for each in stored if each["type"] == READY and each["status"] == "True"]
    return [*(was_ready or [ready]), *work, *others]

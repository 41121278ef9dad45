"""What the containers of a pod are doing, and the last words of those that have ended."""

from collections.abc import Iterable, Mapping
from typing import Any

from plumbline.contract.last_words import LastWord, read

Object = Mapping[str, Any]


def statuses(pod: Object) -> list[Object]:
    """Return the state of each container, in the order in which they start."""
    status = pod.get("status", {})
    return [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]


def last_words(pod: Object) -> Iterable[tuple[str, Object, LastWord | None]]:
    """Yield name, terminated state and last word, if it is ours, of each container that ended."""
    for status in statuses(pod):
        for state in (status.get("state", {}), status.get("lastState", {})):
            if ended := state.get("terminated"):
                yield status["name"], ended, read(ended.get("message", ""))

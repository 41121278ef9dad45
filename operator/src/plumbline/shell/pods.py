"""What the containers of a pod are doing, and the last words of those that have ended."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

Object = Mapping[str, Any]


def statuses(pod: Object) -> list[Object]:
    """Return the state of each container, in the order in which they start."""
    status = pod.get("status", {})
    return [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]


def last_words(pod: Object) -> Iterable[tuple[str, Object, Object]]:
    """Yield name, terminated state and parsed last word of each container that has ended."""
    for status in statuses(pod):
        for state in (status.get("state", {}), status.get("lastState", {})):
            if ended := state.get("terminated"):
                yield status["name"], ended, _parsed(ended.get("message", ""))


def _parsed(text: str) -> Object:
    try:
        word = json.loads(text)
    except ValueError:
        return {}
    return word if isinstance(word, dict) else {}

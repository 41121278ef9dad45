"""The last words of a step: at most 1 KB of JSON that the operator reads from the pod's status."""

import json
from typing import Any

from plumbline.jobs.failures import JobFailed
from plumbline.jobs.places import Places

_LIMIT_BYTES = 1024


def succeeded(
    places: Places, *, digest: str, verdict: str, uid: str, reason: str = "", message: str = ""
) -> None:
    """Say which manifest the step wrote and what it found."""
    words = {"digest": digest, "verdict": verdict, "uid": uid}
    _write(places, {**words, **({"reason": reason, "message": message} if reason else {})})


def failed(places: Places, failure: JobFailed) -> None:
    """Say why there is no manifest."""
    words = {"reason": failure.reason, "message": failure.message, "retry": failure.retry}
    _write(places, words)


def _write(places: Places, words: dict[str, Any]) -> None:
    path = places.termination_log
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_fitting(words))


def _fitting(words: dict[str, Any]) -> bytes:
    """Shorten the message until everything fits; a file's name may be no text."""
    text = json.dumps(words, ensure_ascii=False).encode(errors="replace")
    while len(text) > _LIMIT_BYTES:
        excess = len(text) - _LIMIT_BYTES
        message = str(words["message"])
        words = {**words, "message": message[: max(0, len(message) - excess - 4)] + "..."}
        text = json.dumps(words, ensure_ascii=False).encode(errors="replace")
    return text

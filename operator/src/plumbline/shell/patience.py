"""What is set of kopf: page size, timeouts, and what would cost much and is used by nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import kopf

from plumbline.kube.client import PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How patient kopf is, in seconds.

    Attributes:
        request: how long a request may take, a watch aside.
        silence: after how long a watch that says nothing, not even a bookmark, is begun anew.
        backoffs: pauses between tries; after the last, an hour later, kopf ends.
        idle: how long a task waits for more news of its object before it ends.
    """

    request: float = 30
    silence: float = 70
    backoffs: Sequence[float] = (0.5, 1, 2, 3, 5, *(8,) * 450)
    idle: float = 1


def settings(timing: Timing) -> kopf.OperatorSettings:
    """Return what is set of kopf; all else is as it comes."""
    found = kopf.OperatorSettings()
    found.watching.chunk_size = PAGE
    found.watching.inactivity_timeout = timing.silence
    found.networking.request_timeout = timing.request
    found.networking.error_backoffs = timing.backoffs
    found.queueing.idle_timeout = timing.idle
    found.scanning.disabled = True
    found.persistence.diffbase_storage = _NoDiffs()
    return found


class _NoDiffs(kopf.AnnotationsDiffBaseStorage):
    """Keeps kopf from a deep copy and a comparison of every object, for handlers that nobody has.

    Measured, as CPU of an event with it and without: 0.27 and 0.45 ms at 0.5 KB, 0.45 and 1.4 ms at
    2.8 KB. No setting turns that off.
    """

    def fetch(self, **_: Any) -> None:
        return None

    def build(self, **_: Any) -> kopf.BodyEssence:
        return kopf.BodyEssence()

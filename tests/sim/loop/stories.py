"""Long lists of events to tell: what happens often in a cluster happens often here."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st
from plumbline.plan.registry import KINDS

from tests.sim.loop.story import Story

Event = tuple[str, int]
# The first word is the one of the plainest story, so it costs little.
OFTEN = ("wait", "jobs_end", "new_model", "traffic", "traffic", "wait", "drift")
NOW_AND_THEN = (
    *(
        "run",
        "edit_template",
        "edit_serving",
        "go_on",
        "go_on",
        "mend",
        "mend",
        "gates_fail",
        "errors",
    ),
    *("jobs_end", "traffic", "wait", "drift", "calm", "resync"),
)
RARE = (
    *("edit_dataset", "edit_monitor", "suspend", "delete", "restore", "refresh", "retry"),
    *("relabel", "job_fails", "job_is_stuck", "job_vanishes", "frozen_vanishes"),
    *("child_vanishes", "pods_fail", "canary_fails", "pods_mend", "evicted", "node_lost"),
    *("quota", "store_away", "store_back", "deaf", "lag", "lag", "restart", "crash", "fault"),
    *("broken", "little_traffic", "held", "held", "breaks_amid_drift", "breaks_amid_drift"),
)
WORDS = (*OFTEN * 8, *NOW_AND_THEN * 3, *RARE)


def told(events: int) -> st.SearchStrategy[list[Event]]:
    """Return stories of this many events."""
    one = st.tuples(st.sampled_from(WORDS), st.integers(0, 11))
    return st.lists(one, min_size=events, max_size=events)


def tell(
    story: Iterable[Event], *, reached: Counter[str] | None = None, kinds: Any = KINDS
) -> Story:
    """Let a story happen to a model that serves, then let everything be mended."""
    world = Story(kinds, reached=reached)
    world.in_service()
    for word, number in story:
        world.happens(word, number)
    world.peace()
    return world

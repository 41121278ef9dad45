"""Every message is a sentence that a stranger can read: over the table, and over whole stories."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.sim.loop.stories import WORDS, tell
from tests.sim.loop.wording import faults
from tests.unit.plan.test_condition_table import STATES

BAD = {
    "run a starts.": "begin",
    "Run a starts": "end",
    "Mind the gap: mend it.": "word of our own",
    "Run kubectl get <name> for details.": "placeholder",
    "Waiting.. Still waiting.": "two full stops",
    f"Manifest {'a' * 64} is missing.": "digest",
    "Cannot connect: ConnectionRefusedError.": "Python",
}


@pytest.mark.parametrize("message", BAD)
def test_a_message_that_is_hard_to_read_is_found(message: str) -> None:
    assert any(BAD[message] in fault for fault in faults(message))


@pytest.mark.parametrize("state", [state for _, state in STATES], ids=lambda state: state.__name__)
def test_the_messages_of(state: Callable[[], dict[str, Any]]) -> None:
    said = [each["message"] for each in state()["status"]["conditions"]]
    assert said
    assert {message: faults(message) for message in said if faults(message)} == {}


def test_the_messages_of_a_story_in_which_everything_happens() -> None:
    """The world reads each plan itself; here it is shown that many different ones were made."""
    reached: Counter[str] = Counter()
    tell([(word, number) for number in (0, 3) for word in dict.fromkeys(WORDS)], reached=reached)
    assert len([each for each in reached if each.startswith("said ")]) > 8

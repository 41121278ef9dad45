"""Every message over the table is a sentence that a stranger can read; worlds check all others."""

import pytest

from tests.sim.loop.wording import faults
from tests.unit.plan.test_condition_table import STATES, State

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
def test_the_messages_of(state: State) -> None:
    said = [each["message"] for each in state().object["status"]["conditions"]]
    assert said
    assert {message: faults(message) for message in said if faults(message)} == {}

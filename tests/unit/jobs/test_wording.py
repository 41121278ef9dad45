"""Each message must be understood at once; `pods` checks all that the tests of steps produce."""

from pathlib import Path

import plumbline
import pytest
from plumbline.jobs.data import web
from plumbline.jobs.failures import JobFailed

from tests.unit.wording import faults, written

JOBS = Path(plumbline.__file__).parent / "jobs"
MESSAGES = sorted(set(written(JOBS, "JobFailed", 1)))


def test_the_messages_of_all_steps_are_found() -> None:
    assert len(MESSAGES) > 40


@pytest.mark.parametrize("message", MESSAGES)
def test_the_message_of_a_failure_is_plain(message: str) -> None:
    # What ends with another message has the full stop of that one.
    assert faults(f"{message}." if message.endswith("X") else message) == []


BAD = {
    "the source is gone.": "no capital at the start",
    "The source is gone": "no full stop at the end",
    "The source is gone..": "two dots in a row",
    "Mend the source.": "an old word",
    "Set retry=<another word>.": "a placeholder that a shell cannot take",
    f"Manifest {'0a' * 32} is damaged.": "a full digest",
    "http://files/a.csv does not answer (ConnectionRefusedError).": "a class of Python",
}


@pytest.mark.parametrize("message", BAD)
def test_what_is_hard_to_read_is_found(message: str) -> None:
    assert faults(message) == [BAD[message]]


@pytest.mark.parametrize(
    ("host", "problem"),
    [("no-such-host.invalid", "cannot resolve host no-such-host.invalid"),
     ("127.0.0.1:1", "connection refused")],
)  # fmt: skip
def test_a_host_that_cannot_be_reached_is_said_without_python(host: str, problem: str) -> None:
    with pytest.raises(JobFailed) as raised:
        web.look(f"http://{host}/a.csv?token=secret")
    assert raised.value.message == f"Cannot read http://{host}/a.csv: {problem}."
    assert raised.value.retry


def test_a_server_that_is_too_slow_says_how_long_was_waited() -> None:
    with pytest.raises(JobFailed) as raised, web._translated("http://a/b"):
        raise TimeoutError
    assert raised.value.message == "Cannot read http://a/b: timed out after 60 s."

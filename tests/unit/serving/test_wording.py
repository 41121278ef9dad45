"""A client reads an error without the source at hand; `conftest` checks all that it gets."""

from pathlib import Path

import pytest
from plumbline.serving import errors

from tests.unit.wording import faults, written

SERVING = Path(errors.__file__).parent
MESSAGES = sorted(set(written(SERVING, "RequestError", 0)) | set(written(SERVING, "ModelError", 0)))


def test_the_messages_of_the_server_are_found() -> None:
    assert len(MESSAGES) > 15


@pytest.mark.parametrize("message", MESSAGES)
def test_an_error_of_the_server_is_plain(message: str) -> None:
    # What ends with another text has the full stop of that one.
    assert faults(f"{message}." if message.endswith("X") else message) == []

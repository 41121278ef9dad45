"""No release changes unseen what people read, nor pods that are running."""

import json

import pytest

from tests.unit.plan import written
from tests.unit.plan.written import Part

RECORDS = written.records()
PARTS = [(record, name, part) for record, parts in RECORDS.items() for name, part in parts.items()]


@pytest.mark.parametrize(
    ("record", "name", "part"), PARTS, ids=[f"{record}: {name}" for record, name, _ in PARTS]
)
def test_what_is_written_down_still_holds(record: str, name: str, part: Part) -> None:
    found = json.loads(json.dumps(part()))
    assert found == written.read(record)[name], "python -m tests.unit.plan.written shows the change"


def test_nothing_is_written_down_that_no_longer_happens() -> None:
    assert {each: set(written.read(each)) for each in RECORDS} == {
        record: set(parts) for record, parts in RECORDS.items()
    }

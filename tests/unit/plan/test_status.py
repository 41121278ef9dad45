"""A status that is changed: a misspelt field or a wrong value fails instead of going nowhere."""

from pathlib import Path
from typing import Any

import plumbline
import pytest
from plumbline.api.v1alpha1.dataset import DatasetStatus, Fetch
from plumbline.plan.common.conditions import changed

STATUS = DatasetStatus(revision=3, fetch=Fetch(key="k", job="j"))


def test_named_fields_change_and_the_others_stay() -> None:
    found = changed(STATUS, rows=7)
    assert (found.rows, found.revision, found.fetch) == (7, 3, STATUS.fetch)
    assert STATUS.rows != 7


@pytest.mark.parametrize("fields", [{"revisoin_": 4}, {"observedGeneration": 4}, {"rows": "many"}])
def test_a_misspelt_field_or_a_wrong_value_fails(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(fields))):
        changed(STATUS, **fields)


def test_nothing_else_changes_a_part_unchecked() -> None:
    sources = Path(plumbline.__file__).parent.rglob("*.py")
    found = [str(path) for path in sources if "model_copy(update" in path.read_text()]
    assert found == []

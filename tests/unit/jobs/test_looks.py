"""Held-out rows keep their count of looks until at least half of them are new."""

import numpy as np
import pytest
from plumbline.contract.dataset_manifest import HeldOut
from plumbline.jobs.profiling.looks import smallest, with_looks

ROWS = np.random.default_rng(0).integers(2**63, size=(4000, 2)).astype(np.uint64)


def entry(hashes: np.ndarray, digest: str, before: HeldOut | None = None) -> HeldOut:
    return with_looks(HeldOut(by="Row", digest=digest), hashes, before)


@pytest.mark.parametrize(
    ("rows", "begun"),
    [
        (ROWS[:1000], "first"),  # the same
        (ROWS[:1300], "first"),  # some more
        (ROWS[300:1300], "first"),  # 30 % replaced
        (ROWS[:500], "first"),  # half were dropped
        (ROWS[:2600], "second"),  # more than twice as many
        (ROWS[700:1700], "second"),  # 70 % replaced
        (ROWS[2000:2040], "second"),  # few, all new
    ],
    ids=["same", "more", "replaced", "fewer", "many more", "mostly replaced", "all new"],
)
def test_the_count_begins_anew_with_mostly_new_rows(rows: np.ndarray, begun: str) -> None:
    before = entry(ROWS[:1000], "first")
    found = entry(rows, "second", before)
    assert found.counted_from == begun
    assert len(found.row_sample) <= 128


def test_small_steps_do_not_hide_that_all_rows_are_new() -> None:
    found = entry(ROWS[:1000], "0")
    for step in range(1, 11):
        found = entry(ROWS[100 * step : 100 * step + 1000], str(step), found)
    assert found.counted_from not in ("0", "10")


def test_a_manifest_of_an_older_release_begins_a_count() -> None:
    old = HeldOut(by="Row", digest="old")
    assert entry(ROWS[:10], "new", old).counted_from == "new"
    assert "rowSample" not in old.wire
    assert smallest(ROWS[:0]) == ()

"""Live answers are counted as the reference was made of them."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from plumbline.contract.control import Span
from plumbline.jobs.compiling.answers import prediction_reference
from plumbline.serving.counts import Counts
from plumbline.stats.bins import PREDICTION
from plumbline.stats.reference import number_bins

from tests.unit.contract.descriptions import described

RNG = np.random.default_rng(0)
REFERENCE = [
    bins.to_json()
    for name in ("x", PREDICTION)
    if (bins := number_bins(name, RNG.normal(size=900)))
]
ANSWERS = {
    "many classes": (RNG.dirichlet([1, 1, 1], 600), ["setosa", "versi color", "virginica"]),
    "numbered classes": (RNG.dirichlet([1, 1, 1, 1], 600), [0, 1, 2, 3]),
    "two classes": (RNG.dirichlet([1, 1], 600), [False, True]),
    "a number": (RNG.normal(size=(600, 1)), None),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_the_answers_that_made_the_reference_fall_into_its_own_cells(case: str) -> None:
    answers, classes = ANSWERS[case]
    reference = prediction_reference(answers, classes)
    counts = counting(reference, classes)
    counts.note({"x": np.zeros(len(answers))}, answers)
    assert counted(counts) == reference[0]["counts"]


def test_a_row_that_another_pod_answered_counts_no_answer() -> None:
    answers, classes = ANSWERS["many classes"]
    counts = counting(prediction_reference(answers, classes), classes)
    counts.note({"x": np.zeros(5)}, None)
    assert sum(counted(counts)) == 0


@pytest.mark.parametrize("case", ["many classes", "two classes"])
def test_a_row_that_the_model_has_no_answer_to_counts_as_none(case: str) -> None:
    answers, classes = ANSWERS[case]
    counts = counting(prediction_reference(answers, classes), classes)
    counts.note({"x": np.zeros(3)}, np.full((3, answers.shape[1]), np.nan))
    assert counted(counts)[-1] == 3


def test_broken_values_and_their_predictions_are_reported_but_not_compared() -> None:
    counts = counting(REFERENCE, None, min=0)
    counts.note({"x": np.array([0.5, -999.0, 0.7])}, np.array([[1.0], [2.0], [3.0]]))
    _, (second,) = counts.since(0)
    assert second.violations == {"x/Min": 1}
    assert second.rows == 3
    assert column_sums(counts, second) == {"x": 2, PREDICTION: 2}


def test_a_number_that_is_no_boolean_is_broken_and_has_not_moved() -> None:
    counts = counting(REFERENCE, None, type="boolean", nullable=True)
    counts.note({"x": np.array([0.0, 1.0, np.nan, 2.0, -0.5])}, np.zeros((5, 1)))
    _, (second,) = counts.since(0)
    assert second.violations == {"x/Type": 2}
    assert column_sums(counts, second) == {"x": 3, PREDICTION: 3}


def test_a_value_that_breaks_two_rules_hides_no_row_but_its_own() -> None:
    counts = counting(REFERENCE, None, max=10, integer=True)
    counts.note({"x": np.array([99.5, 1.0, 0.5, 2.0])}, np.zeros((4, 1)))
    _, (second,) = counts.since(0)
    assert second.violations == {"x/Max": 1, "x/Type": 2}
    assert column_sums(counts, second) == {"x": 2, PREDICTION: 2}


@pytest.mark.parametrize("sizes", [[1] * 600, [1, 300, 300, 2], [2000, 1], [513]])
def test_rows_count_the_same_whether_they_came_alone_or_together(sizes: list[int]) -> None:
    rng = np.random.default_rng(sum(sizes))
    parts = [rng.normal(size=size) for size in sizes]
    found = []
    for flushes in (False, True):
        counts = counting(REFERENCE, None, clock=lambda: 5.0)
        for number, values in enumerate(parts):
            counts.note({"x": values}, values[:, None] if number % 7 else None)
            if flushes:
                counts.flush()
        counts.finish()
        found.append(counts.since(0)[1])
    assert found[0] == found[1]


def column_sums(counts: Counts, second: Span) -> dict[str, int]:
    total = counts.layout.zeros()
    total[second.cells] = second.counts
    return {name: int(total[cells].sum()) for name, cells in counts.layout.slices.items()}


def counting(
    reference: list[dict[str, Any]],
    classes: Any,
    *,
    clock: Callable[[], float] | None = None,
    **rules: Any,
) -> Counts:
    """Return counts of a model with one feature; each look at its clock is a second later."""
    x = {"name": "x", "type": "number", "nullable": False} | rules
    content = described([x], reference, classes)
    return Counts(content, clock=clock or map(float, itertools.count(1_000_000)).__next__)


def counted(counts: Counts) -> list[int]:
    """Return what has been counted of the predictions."""
    total = counts.layout.zeros()
    for second in counts.since(0)[1]:
        total[second.cells] += np.array(second.counts, dtype=np.int64)
    return list(total[counts.layout.slices[PREDICTION]])

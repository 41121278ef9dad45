"""Live answers are counted as the reference was made of them."""

import itertools
from typing import Any

import numpy as np
import pytest
from plumbline.jobs.references import PREDICTION, prediction_reference
from plumbline.serving.counts import Counts

RNG = np.random.default_rng(0)
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


def counting(reference: list[dict[str, Any]], classes: Any) -> Counts:
    """Return counts of a model with one feature; each look at its clock is a second later."""
    x = {"name": "x", "type": "number", "nullable": False}
    content = {"features": [x], "classes": classes, "reference": {"columns": reference}}
    return Counts(content, clock=map(float, itertools.count(1_000_000)).__next__)


def counted(counts: Counts) -> list[int]:
    """Return what has been counted of the predictions."""
    total = counts.layout.zeros()
    for second in counts.since(0)[1]:
        total[second["i"]] += np.array(second["c"], dtype=np.int64)
    return list(total[counts.layout.slices[PREDICTION]])

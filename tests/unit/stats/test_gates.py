"""Gates judge by bounds; intervals hold what they promise."""

import numpy as np
import pytest
from plumbline.api.metrics import METRICS
from plumbline.stats.gates import judge_champion, judge_metric
from plumbline.stats.intervals import Interval
from plumbline.stats.measure import evaluate, improvement

AUC, ACCURACY = METRICS["auc"], METRICS["accuracy"]


def scored(rng: np.random.Generator, rows: int, strength: float) -> tuple[np.ndarray, np.ndarray]:
    labels = rng.random(rows) < 0.3
    return labels, 1 / (1 + np.exp(-(strength * labels + rng.normal(size=rows))))


def test_the_interval_of_auc_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    truth = evaluate(AUC, *scored(rng, 400_000, 1.0)).value
    hits = 0
    for _ in range(300):
        found = evaluate(AUC, *scored(rng, 400, 1.0))
        hits += found.low <= truth <= found.high
    assert 0.92 <= hits / 300 <= 0.98


def test_rows_that_come_in_groups_make_the_interval_wider() -> None:
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(50), 40)
    effect = np.repeat(rng.normal(size=50), 40)
    labels = rng.random(2000) < 1 / (1 + np.exp(-effect))
    alone = evaluate(ACCURACY, labels, np.full(2000, 0.9))
    together = evaluate(ACCURACY, labels, np.full(2000, 0.9), groups=groups)
    assert together.high - together.low > 1.5 * (alone.high - alone.low)


def test_a_lucky_estimate_above_the_bar_is_inconclusive_and_says_how_many_rows_it_needs() -> None:
    found = evaluate(AUC, *scored(np.random.default_rng(2), 60, 1.0))
    verdict = judge_metric("auc", found, minimum=found.value - 0.01, maximum=None)
    assert verdict.verdict == "Inconclusive"
    assert verdict.rows_needed > 60


def test_a_metric_that_was_not_measured_does_not_pass() -> None:
    assert judge_metric("auc", None, minimum=0.5, maximum=None).verdict == "Failed"


def test_a_worse_model_does_not_pass_the_champion_gate() -> None:
    rng = np.random.default_rng(3)
    labels, good = scored(rng, 5000, 2.0)
    bad = rng.random(5000)
    worse = improvement(AUC, labels, bad, good)
    assert judge_champion("auc", worse, margin=0.01).verdict == "Failed"
    same = improvement(AUC, labels, good, good)
    assert judge_champion("auc", same, margin=0.01).verdict == "Passed"


def test_labels_of_one_kind_are_an_error_with_words() -> None:
    with pytest.raises(ValueError, match="both classes"):
        evaluate(AUC, np.zeros(10), np.linspace(0, 1, 10))


def test_metrics_of_sure_and_undecided_answers_are_those_of_scikit_learn() -> None:
    from sklearn import metrics

    labels = np.array([0, 1, 0, 1, 1, 0, 1, 0])
    chances = np.array([0.5, 0.5, 0.0, 1.0, 0.0, 1.0, 0.7, 0.2])
    said = np.argmax(np.column_stack([1 - chances, chances]), axis=1)
    wanted = {
        "accuracy": metrics.accuracy_score(labels, said),
        "precision": metrics.precision_score(labels, said),
        "recall": metrics.recall_score(labels, said),
        "f1": metrics.f1_score(labels, said),
        "log_loss": metrics.log_loss(labels, chances),
        "brier": metrics.brier_score_loss(labels, chances),
        "auc": metrics.roc_auc_score(labels, chances),
    }
    found = {name: evaluate(METRICS[name], labels, chances).value for name in wanted}
    assert found == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("metric", ["auc", "f1", "precision", "recall", "accuracy"])
@pytest.mark.parametrize(("rows", "strength"), [(40, 3.0), (150, 3.0), (60, 5.0)])
def test_a_few_rows_that_a_model_gets_all_right_promise_no_more_than_they_can(
    metric: str, rows: int, strength: float
) -> None:
    rng = np.random.default_rng(4)

    def drawn(count: int) -> tuple[np.ndarray, np.ndarray]:
        labels = rng.random(count) < 0.3
        scores = strength * labels + rng.normal(size=count) - strength / 2
        return labels, 1 / (1 + np.exp(-scores))

    truth, high = evaluate(METRICS[metric], *drawn(400_000)).value, 0
    for _ in range(200):
        high += evaluate(METRICS[metric], *drawn(rows)).low > truth
    assert high / 200 <= 0.05


def test_a_perfect_order_of_ten_rows_does_not_clear_a_high_bar() -> None:
    found = evaluate(AUC, np.arange(10) >= 5, np.linspace(0, 1, 10))
    verdict = judge_metric("auc", found, minimum=0.95, maximum=None)
    assert (found.value, verdict.verdict) == (1.0, "Inconclusive")
    assert verdict.rows_needed > 10


@pytest.mark.parametrize("limit", [0.7, 0.85, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("right", [70, 85, 97, 100])
def test_more_rows_than_there_were_settle_what_these_could_not(limit: float, right: int) -> None:
    labels = np.ones(100)
    found = evaluate(ACCURACY, labels, (np.arange(100) < right).astype(float))
    verdict = judge_metric("accuracy", found, minimum=limit, maximum=None)
    if verdict.verdict == "Inconclusive" and found.value != limit:
        assert verdict.rows_needed > 100
    else:
        assert verdict.rows_needed == 0


@pytest.mark.parametrize("metric", ["mae", "rmse", "brier", "log_loss"])
def test_a_few_rows_do_not_promise_smaller_errors_than_there_are(metric: str) -> None:
    rng = np.random.default_rng(5)

    def drawn(count: int) -> tuple[np.ndarray, np.ndarray]:
        if metric in ("brier", "log_loss"):
            return scored(rng, count, 3.0)
        return rng.normal(size=count), np.zeros(count)

    truth = evaluate(METRICS[metric], *drawn(400_000)).value
    found = [evaluate(METRICS[metric], *drawn(60)) for _ in range(400)]
    assert sum(each.high < truth for each in found) / 400 <= 0.05
    assert sum(each.low > truth for each in found) / 400 <= 0.05


SAID = {
    "Failed": ((0.728, 0.671, 0.779, 114), 0.99, "is below 0.99"),
    "Passed": ((0.728, 0.671, 0.779, 114), 0.65, "is at least 0.65"),
    "Inconclusive": (
        (0.728, 0.671, 0.779, 114),
        0.7,
        "may be below 0.7; about 966 rows would decide in 4 of 5 cases",
    ),
}


@pytest.mark.parametrize("word", SAID)
def test_a_gate_says_its_numbers_once_and_in_one_style(word: str) -> None:
    (value, low, high, n), limit, end = SAID[word]
    found = Interval(value=value, low=low, high=high, n=n, groups=n)
    verdict = judge_metric("auc", found, minimum=limit, maximum=None)
    assert verdict.verdict == word
    assert verdict.message.startswith(f"auc 0.728 (95 % CI 0.671-0.779, 114 rows) {end}")


def test_rounding_errors_and_intervals_of_few_rows_are_said_as_such() -> None:
    found = Interval(value=0.0, low=5.551e-17, high=0.7689, n=4, groups=4)
    said = judge_metric("auc", found, minimum=0.9, maximum=None).message
    assert "auc 0 (95 % CI 0-0.769, 4 rows, too few to decide anything)" in said


def test_a_gain_over_the_champion_may_be_negative() -> None:
    found = Interval(value=-0.01, low=-0.03, high=0.01, n=500, groups=500, confidence=0.9)
    said = judge_champion("auc", found, margin=0.05).message
    assert said == (
        "auc gain over the champion is -0.01 (90 % CI -0.03 to 0.01, 500 rows), which is at least "
        "-0.05"
    )


@pytest.mark.parametrize("metric", ["auc", "brier", "log_loss"])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.98])
def test_an_interval_is_printed_with_the_confidence_that_it_has(
    metric: str, confidence: float
) -> None:
    labels, good = scored(np.random.default_rng(7), 500, 2.0)
    bad = np.full(500, 0.3)
    alone = evaluate(METRICS[metric], labels, good, confidence=confidence)
    gain = improvement(METRICS[metric], labels, good, bad, confidence=confidence)
    level = f"({confidence * 100:.0f} % CI "
    assert level in judge_metric(metric, alone, minimum=0.0, maximum=None).message
    assert level in judge_champion(metric, gain, margin=0.0).message

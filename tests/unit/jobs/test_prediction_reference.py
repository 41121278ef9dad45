"""What answers of live rows are compared with: the answers to the rows that were held out."""

import json

import numpy as np
import polars as pl
from plumbline.contract import layout as paths
from plumbline.jobs.compiling.answers import of_compiled, prediction_reference
from plumbline.stats import drift
from plumbline.stats.bins import ColumnBins, Layout
from plumbline.stats.count import count, count_column
from plumbline.stats.reference import number_bins
from plumbline.stats.windows import windows

from tests.unit.jobs import runs
from tests.unit.jobs.pods import Pods

GRADIENT = "sklearn.ensemble.GradientBoostingClassifier"
ROWS, TOGETHER, RATE = 30_000, 40, 50


def rows(rng: np.random.Generator, number: int = ROWS) -> np.ndarray:
    """Return rows of which forty at a time are much alike, as those of one hour are."""
    hours = np.repeat(rng.normal(size=number // TOGETHER), TOGETHER)
    return np.sqrt(0.8) * hours + np.sqrt(0.2) * rng.normal(size=number)


def answers(of: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-of[:, np.newaxis]))


def test_answers_to_rows_that_were_picked_here_and_there_do_not_make_hours_pass_for_drift() -> None:
    rng = np.random.default_rng(21)
    for _ in range(4):
        known = rows(rng)
        feature = number_bins("x", known)
        assert feature is not None
        held = rng.permutation(known[rng.random(ROWS) < 0.2])
        found = prediction_reference(answers(held), None, chosen_among=[feature])
        assert not alarms(Layout([ColumnBins.from_json(each) for each in found]), rows(rng, 6000))


def test_answers_that_move_by_themselves_are_found_all_the_same() -> None:
    rng = np.random.default_rng(22)
    feature = number_bins("x", rng.normal(size=ROWS))
    assert feature is not None
    found = prediction_reference(answers(rng.normal(size=6000)), None, chosen_among=[feature])
    layout = Layout([ColumnBins.from_json(each) for each in found])
    assert alarms(layout, rng.normal(size=1000) + 1.0)


def test_predictions_of_few_values_are_those_that_the_compiled_model_gives(pod: Pods) -> None:
    pod.upload("1.csv", runs.rows())
    some = {"features": ["carrier", "holiday"], "params": {"n_estimators": 30}}
    task = runs.run_task(runs.revision(pod), pod, GRADIENT, **some)
    ended, _ = runs.whole_run(pod, task)
    assert ended.code == 0, ended
    folder = pod.path(paths.COMPILED)
    model = json.loads((folder / paths.MODEL_FILE).read_text())
    bins = ColumnBins.from_json(model["reference"]["columns"][-1])
    features = json.loads(pod.path(paths.PREDICT_TASK).read_text())["features"]
    given = of_compiled(folder, pl.read_parquet(pod.path(paths.HELD_OUT)), features)[:, -1]
    assert len(bins.counts) - bins.counts.count(0) == len(np.unique(given.round(9)))
    assert tuple(count_column(bins, given)) == bins.counts
    apart = np.abs(np.subtract.outer(given, bins.edges)) / given[:, np.newaxis]
    assert apart.min() > 1e-6


def alarms(layout: Layout, live: np.ndarray) -> bool:
    alpha = drift.log_alpha(false_alarms_per_month=1, columns=2)
    parts = [live[start : start + RATE] for start in range(0, len(live), RATE)]
    counts = np.array([count(layout, {"__prediction": answers(part)[:, 0]}) for part in parts])
    return any(
        score.alarm
        for end in range(2, len(counts) + 1)
        for score in drift.score(layout, windows(counts[:end]), log_alpha=alpha, tolerate=0.1)
    )

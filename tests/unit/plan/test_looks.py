"""Models that are tried on the same held-out rows are counted, once each, and pay for it."""

from typing import Any

import numpy as np
import pytest
from plumbline.api.metrics import METRICS
from plumbline.api.v1alpha1 import Dataset, TrainingRun, TrainingTemplate
from plumbline.api.v1alpha1.dataset import DatasetStatus, HoldoutLooks
from plumbline.api.v1alpha1.training_run import RunDataset
from plumbline.contract.dataset_manifest import CountedRows
from plumbline.contract.tasks import FrozenSpec, JudgeTask, Looks
from plumbline.plan.dataset import looks
from plumbline.plan.training import job_choice, preconditions, siblings
from plumbline.plan.training.snapshot import TrainingRunSnapshot
from plumbline.stats.gates import judge_metric, paid
from plumbline.stats.measure import evaluate

from tests.unit.plan import builders
from tests.unit.plan.builders import NOW, digest

BEGUN = {"dataset": {"name": "flights", "revision": 1}}
PIN = RunDataset(name="flights", revision=1, digest=digest("d"), manifest=digest("m"))


def ended(name: str, model: str, *, look: int | None = None, revision: int = 1) -> Any:
    status = {
        "dataset": {"name": "flights", "revision": revision},
        "model": {"digest": digest(model)},
        "look": look,
        "evaluatedOn": "flights",
        "completionTime": f"2026-03-01T12:00:{len(name):02}Z",
    }
    return {**builders.run(name), "status": status}


def status(count: int = 0, *, revisions: dict[int, str] | None = None) -> DatasetStatus:
    history = [
        {
            "revision": number,
            "digest": digest("d"),
            "manifest": digest("m"),
            "heldOut": digest(rows),
        }
        for number, rows in (revisions or {1: "h"}).items()
    ]
    holdout = HoldoutLooks(digest=digest("h"), rows=100, looks=count)
    return DatasetStatus.model_validate({"history": history, "holdout": holdout})


def task(dataset_status: DatasetStatus, others: list[Any], **metadata: Any) -> JudgeTask:
    """Return what a run is told to evaluate."""
    about = {"creationTimestamp": NOW, **metadata}
    run = TrainingRun.model_validate(
        {**builders.run("mine", metadata=about), "status": {"dataset": PIN}}
    )
    dataset = Dataset.model_validate({**builders.dataset(), "status": dataset_status})
    snapshot = TrainingRunSnapshot(
        run=run,
        dataset=dataset,
        siblings=siblings.siblings_of(run, others),
        settings=builders.settings(),
        now=NOW,
    )
    spec = FrozenSpec(dataset=PIN, trainer={"estimator": {"import": "a.B"}})
    return job_choice.judge_task(snapshot, spec, digest("t"))


def test_each_model_counts_once_even_after_its_run_was_deleted() -> None:
    runs = [ended("a", "x"), ended("bb", "y"), ended("ccc", "x")]
    found = looks.counted(status(), looks.evaluated_of(runs))
    assert found.holdout is not None
    assert found.holdout.looks == 2
    assert [(each.run, each.look) for each in found.holdout.models] == [("bb", 2), ("a", 1)]
    assert looks.counted(found, ()) == found
    assert looks.counted(found, looks.evaluated_of(runs)) == found


def test_a_model_on_other_rows_does_not_count() -> None:
    found = looks.counted(
        status(revisions={1: "h", 2: "other"}), looks.evaluated_of([ended("a", "x", revision=2)])
    )
    assert found.holdout is not None
    assert found.holdout.looks == 0


@pytest.mark.parametrize(("rows", "count"), [("h", 3), ("new", 0)])
def test_the_count_begins_anew_with_other_rows_only(rows: str, count: int) -> None:
    found = looks.of_revision(status(3).holdout, CountedRows(rows=150, counted_from=digest(rows)))
    assert found is not None
    assert (found.looks, found.rows, found.digest) == (count, 150, digest(rows))


def test_a_manifest_of_an_older_release_has_no_count() -> None:
    assert looks.of_revision(status(3).holdout, CountedRows(rows=150)) is None
    assert looks.counted(DatasetStatus(), looks.evaluated_of([ended("a", "x")])) == DatasetStatus()
    assert task(DatasetStatus(), []).looks is None


def test_a_run_is_told_which_look_it_is_and_which_models_are_known() -> None:
    counted = looks.counted(status(), looks.evaluated_of([ended("a", "x"), ended("bb", "y")]))
    found = task(counted, [ended("ccc", "z", look=3)]).looks
    assert found == Looks(known={digest("x"): 1, digest("y"): 2, digest("z"): 3}, next=4)
    assert [found.number_of(digest(each)) for each in "xyzw"] == [1, 2, 3, 4]


def test_runs_at_the_same_time_are_not_all_the_first_look() -> None:
    earlier = {**builders.run("early", metadata={"creationTimestamp": "2026-03-01T11:00:00Z"})}
    later = {**builders.run("later", metadata={"creationTimestamp": "2026-03-01T13:00:00Z"})}
    others = [{**each, "status": BEGUN} for each in (earlier, later)]
    found = task(status(2), others).looks
    assert found is not None
    assert found.next == 4


def test_a_job_is_not_created_again_because_others_looked_meanwhile() -> None:
    first = JudgeTask(training=digest("t"), looks=Looks(next=1))
    assert first.is_like(replace_looks(first, Looks(next=7)))
    assert not first.is_like(JudgeTask(training=digest("u"), looks=Looks(next=1)))


def replace_looks(found: JudgeTask, new: Looks) -> JudgeTask:
    return JudgeTask.model_validate({**vars(found), "looks": new})


def test_twenty_models_at_the_bar_seldom_have_one_that_passes() -> None:
    rng, passed = np.random.default_rng(11), {True: 0, False: 0}
    for _ in range(60):
        tried = [(rng.random(200) < 0.8).astype(float) for _ in range(20)]
        for pays in passed:
            passed[pays] += any(
                _passes(right, paid(0.95, k + 1) if pays else 0.95) for k, right in enumerate(tried)
            )
    assert passed[False] / 60 > 0.2
    assert passed[True] / 60 <= 0.1


def _passes(right: Any, confidence: float) -> bool:
    found = evaluate(METRICS["accuracy"], np.ones(200), right, confidence=confidence)
    return judge_metric("accuracy", found, minimum=0.8, maximum=None).verdict == "Passed"


def test_all_looks_together_keep_the_confidence() -> None:
    spent = sum(1 - paid(0.95, look) for look in range(1, 100_000))
    assert spent == pytest.approx(0.05, abs=1e-4)
    assert paid(0.95, 0) == 0.95


def test_a_template_says_beforehand_which_difference_the_held_out_rows_can_show() -> None:
    counted = Dataset.model_validate({**builders.dataset(), "status": status()})
    gates = {"champion": {"deploymentRef": {"name": "flights"}, "metric": "accuracy"}}
    fields = TrainingTemplate.model_validate(builders.template(gates=gates)).spec
    said = preconditions.of_template(fields, counted).message
    assert "Its 100 held-out rows can show that a model is worse by 0.0786 in accuracy" in said

"""Task files are written as before, byte by byte, and are read as they were meant."""

import json
from pathlib import Path
from typing import Any

import pytest
from plumbline.api import canonical
from plumbline.api.v1alpha1 import Dataset, TrainingRun, TrainingTemplate
from plumbline.api.v1alpha1.training_run import RunDataset
from plumbline.contract.tasks import Champion, JudgeTask, ProfileTask, TrainingTask
from plumbline.plan.specs import judge_job, profile_job
from plumbline.plan.training.freeze import frozen_spec, merged, task_text

# What a release wrote that had no contract: runs that it started are known by these digests.
WRITTEN: Any = json.loads((Path(__file__).parent / "written" / "tasks.json").read_text())
INPUTS, TEXTS = WRITTEN["inputs"], WRITTEN["texts"]
PIN = RunDataset(
    name="flights", revision=3, digest="sha256:" + "d" * 64, manifest="sha256:" + "e" * 64
)
FROZEN = ("container", "template", "bare")


@pytest.mark.parametrize("name", FROZEN)
def test_a_run_that_goes_on_finds_its_frozen_spec_unchanged(name: str) -> None:
    run = TrainingRun.model_validate(INPUTS["runs"][name])
    template = TrainingTemplate.model_validate(INPUTS["template"]) if name != "bare" else None
    dataset = Dataset.model_validate(INPUTS["dataset"])
    assert task_text(run, merged(run, template), dataset, PIN) == TEXTS[name]


@pytest.mark.parametrize("name", FROZEN)
def test_steps_and_plan_read_the_same_of_a_frozen_spec(name: str) -> None:
    task = TrainingTask.model_validate_json(TEXTS[name])
    read = frozen_spec({"data": {"task.json": TEXTS[name]}})
    assert read is not None
    plans = read.spec
    assert (task.dataset, task.trainer, task.seed) == (plans.dataset, plans.trainer, plans.seed)
    assert (task.gates, task.pod) == (plans.gates, plans.pod)
    assert canonical.text(task.wire) == TEXTS[name]


@pytest.mark.parametrize(
    ("name", "text"), [("dataset", "dataset"), ("datasetBare", "dataset-bare")]
)
def test_a_profile_task_is_written_as_before_and_read_by_its_step(name: str, text: str) -> None:
    made = profile_job.task(Dataset.model_validate(INPUTS[name]))
    assert canonical.text(made.wire) == TEXTS[text]
    assert ProfileTask.model_validate_json(TEXTS[text]) == made


def test_a_judge_job_that_goes_on_is_about_the_case_that_it_was_made_for() -> None:
    champion = Champion(manifest="sha256:1", digest="sha256:2", run="late-0")
    case, bare = JudgeTask(training="sha256:3", champion=champion), JudgeTask(training="sha256:3")
    wire = '{"digest":"sha256:2","manifest":"sha256:1","run":"late-0"}'
    text = judge_job.text_of(case)
    assert text == f'{{"champion":{wire},"training":"sha256:3"}}'
    assert judge_job.text_of(bare) == '{"champion":null,"training":"sha256:3"}'
    assert [judge_job.token_of(each) for each in (case, bare)] == ["24c2bbe1", "02f46601"]
    assert JudgeTask.model_validate_json(text) == case


def test_a_newer_operators_task_is_read_with_what_is_known_of_it() -> None:
    newer = {**json.loads(TEXTS["bare"]), "shadow": {"of": "late"}}
    assert TrainingTask.model_validate(newer).run.name == "late-3"

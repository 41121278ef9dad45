"""The log of a step is read by a data scientist, and by whatever collects logs.

Most is shown by a step that starts without scikit-learn, which takes seconds to load.
"""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.unit.jobs import runs
from tests.unit.jobs.pods import Pods

ABOUT = "kind=TrainingRun,namespace=team,name=late-1,generation=1"


@pytest.fixture
def task(pod: Pods, dataset: str) -> dict[str, Any]:
    task = runs.run_task(dataset, pod, params={"max_iter": 5})
    assert pod.run("fetch-training", task).code == 0
    return task


def logged(step: str, **variables: str) -> list[str]:
    """Run a step as a container does and return its log."""
    environment = {**os.environ, "PLUMBLINE_LOG_BOUND": ABOUT, **variables}
    done = subprocess.run(
        [sys.executable, "-m", "plumbline.jobs", step],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    return done.stdout.decode().splitlines()


def test_a_person_reads_what_was_done_first_and_of_what_last(
    pod: Pods, task: dict[str, Any]
) -> None:
    (line,) = logged("fetch-training")
    assert " INFO training rows fetched step=fetch-training rows=" in line
    assert line.endswith(" kind=TrainingRun namespace=team name=late-1 generation=1")


def test_a_collector_reads_each_line_as_an_object(pod: Pods, task: dict[str, Any]) -> None:
    (line,) = logged("fetch-training", PLUMBLINE_LOG_FORMAT="json")
    found = json.loads(line)
    assert (found["name"], found["step"]) == ("late-1", "fetch-training")
    assert found["msg"] == "training rows fetched"


def test_a_mistake_of_the_user_is_one_line_with_its_reason(pod: Pods, task: dict[str, Any]) -> None:
    pod.path("/etc/plumbline/task.json").write_text("{}")
    (line,) = logged("fetch-training")
    assert " ERROR step failed step=fetch-training reason=TaskInvalid detail=" in line


def test_a_fault_of_ours_says_where_and_quotes_no_row(pod: Pods, task: dict[str, Any]) -> None:
    pod.path("/data/train.parquet").write_text("Jane Doe")
    head, *block = logged("train")
    assert " ERROR step failed unexpectedly step=train error=" in head
    assert any("training/train.py" in line for line in block)
    assert "Jane Doe" not in "".join(block)

"""What one side calls a thing is what the other side looks for."""

from collections.abc import Iterator
from typing import Any

import pytest
from plumbline.contract import layout
from plumbline.jobs.paths import Paths
from plumbline.jobs.steps import STEPS
from plumbline.plan.common.job_outcome import RESULT_STEPS
from plumbline.plan.specs.judge_job import judge_pod
from plumbline.plan.specs.profile_job import profile_pod
from plumbline.plan.specs.server import pod_spec
from plumbline.plan.specs.train_job import train_pod
from plumbline.store import store

from tests.unit.contract.objects import DATASET, DEPLOYMENT, FROZEN, RUN, SERVED, SETTINGS


def pods() -> Iterator[dict[str, Any]]:
    """Yield every pod that the operator makes."""
    yield profile_pod("flights", DATASET, SETTINGS)
    yield train_pod(RUN, FROZEN, SETTINGS)
    yield judge_pod(RUN, FROZEN, SETTINGS)
    yield pod_spec(DEPLOYMENT, SERVED, settings=SETTINGS, spread_by={})


def containers() -> Iterator[dict[str, Any]]:
    for pod in pods():
        yield from (*pod.get("initContainers", ()), *pod["containers"])


STARTED = {"plumbline.jobs": set(STEPS), "plumbline.serving": {layout.FETCH, layout.SERVE}}


@pytest.mark.parametrize("container", list(containers()), ids=lambda each: each["name"])
def test_a_container_starts_a_step_that_there_is(container: dict[str, Any]) -> None:
    *python, module = container["command"]
    assert python == ["python", "-m"]
    assert container["args"][0] in STARTED[module]


def test_every_step_is_started_by_some_container() -> None:
    started = {each["args"][0] for each in containers()}
    assert started == {*STEPS, layout.FETCH, layout.SERVE}


def test_the_containers_that_are_believed_are_those_that_name_a_manifest() -> None:
    names = {each["name"] for each in containers()}
    assert names >= RESULT_STEPS


@pytest.mark.parametrize("container", list(containers()), ids=lambda each: each["name"])
def test_a_container_sees_the_folders_that_its_step_looks_in(container: dict[str, Any]) -> None:
    mounted = {each["mountPath"] for each in container["volumeMounts"]}
    known = {layout.TASK_FOLDER, layout.SOURCE, layout.TMP, layout.DATA, layout.MODEL}
    known |= {layout.CHAMPION, layout.FEATURES, layout.LABELS, layout.PREDICTIONS}
    assert mounted <= known
    if "train" not in container["args"][0] and container["command"][-1] == "plumbline.jobs":
        assert str(Paths.of({}).task.parent) in mounted


def test_a_case_is_a_file_beside_the_task() -> None:
    volumes = judge_pod(RUN, FROZEN, SETTINGS)["volumes"]
    sources = next(each["projected"]["sources"] for each in volumes if "projected" in each)
    items = [item for each in sources for item in each.get("downwardAPI", {}).get("items", ())]
    assert [each["path"] for each in items] == [layout.JUDGE_FILE]


def test_the_store_is_found_by_the_variable_that_pods_are_given() -> None:
    knowing = [each for each in containers() if each.get("envFrom")]
    assert knowing
    assert store.URL_VARIABLE == layout.STORE_URL_VARIABLE
    for container in knowing:
        assert store.URL_VARIABLE in {each["name"] for each in container["env"]}

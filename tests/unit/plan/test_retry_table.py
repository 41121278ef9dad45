"""What is tried again and what is final, for each step, by its last word or the kubelet's.

same: the Job or the kubelet tries again by itself. new: the operator makes another Job soon.
later: a person is asked to act, and the source is read again from time to time. final: neither.
"""

from typing import Any, get_args

import pytest
from plumbline.contract import last_words
from plumbline.contract.last_words import INTERNAL_ERROR, Failure
from plumbline.contract.reasons import MEANINGS
from plumbline.plan.common import jobs, pod_failures
from plumbline.plan.common.pod_failures import Prospect
from plumbline.plan.dataset.fetch_attempt import QUICK_SECONDS, SLOW_SECONDS
from plumbline.store import StoreError

from tests.sim.loop.world import World
from tests.unit.plan.rollout_story import RolloutStory
from tests.unit.plan.rollout_story import run as a_run
from tests.unit.plan.stories import DatasetStory, RunStory

Object = dict[str, Any]
STEPS = ("profile", "fetch", "train", "upload", "judge", "serving")
SIDECAR, INITIAL = "upload", ("fetch", "upload", "serving")


def said(reason: str, temporary: bool | None, code: int | None = None) -> Object:
    """Return how a step ended that left a last word."""
    word = Failure(reason=reason, message="It broke.", temporary=temporary)
    ended = {"exitCode": word.exit_code if code is None else code, "reason": "Error"}
    return {"terminated": {**ended, "message": last_words.encode(word).decode()}}


def silent(code: int, reason: str = "Error") -> Object:
    """Return how a container ended that left none."""
    return {"terminated": {"exitCode": code, "reason": reason}}


def waits(reason: str, message: str = "") -> Object:
    return {"waiting": {"reason": reason, "message": message}}


TABLE: dict[str, tuple[Object, str]] = {
    # What the kubelet tells, and the end for: profile, fetch, train, upload, judge, serving.
    "temporary": (said("StoreUnreachable", True), "new same new new same same"),
    "temporary, unknown reason": (said("Odd", True), "new same new new same same"),
    "temporary, changed": (said("StoreObjectChanged", True), "new same new new same same"),
    "not temporary": (said("StoreUnreachable", False), "later final final final final final"),
    "not temporary, a source": (
        said("SourceNotFound", False),
        "later final final final final final",
    ),
    "not temporary, a mistake": (
        said("ModelInvalid", False),
        "final final final final final final",
    ),
    "not said": (said("StoreUnreachable", None), "new new new new final same"),
    "not said, a source": (said("SourceNotFound", None), "later final final final final same"),
    "not said, unknown reason": (said("Odd", None), "final final final final final same"),
    "unexpected error": (
        said("StepBroken", True, INTERNAL_ERROR),
        "final final final final final same",
    ),
    "unexpected error, not said": (
        said("StepBroken", None, INTERNAL_ERROR),
        "final final final final final same",
    ),
    "no word": (silent(1), "final final final new final same"),
    "no word, code 75": (silent(75), "final same final new same same"),
    "OOMKilled": (silent(137, "OOMKilled"), "final final final new final same"),
    "ErrImagePull": (waits("ErrImagePull"), "same same same same same same"),
    "ImagePullBackOff": (waits("ImagePullBackOff"), "same same same same same same"),
    "ErrImageNeverPull": (waits("ErrImageNeverPull"), "same same same same same same"),
    "CreateContainerConfigError": (
        waits("CreateContainerConfigError"),
        "same same same same same same",
    ),
    "CreateContainerError": (waits("CreateContainerError"), "same same same same same same"),
    "RunContainerError": (waits("RunContainerError"), "same same same same same same"),
    "CrashLoopBackOff": (waits("CrashLoopBackOff"), "same same same same same same"),
    "ContainerCreating": (waits("ContainerCreating"), "same same same same same same"),
    "PodInitializing": (waits("PodInitializing"), "same same same same same same"),
    "InvalidImageName": (waits("InvalidImageName"), "final final final final final final"),
    "RunAsRoot": (
        waits("CreateContainerConfigError", "container has runAsNonRoot: image is root"),
        "final final final final final final",
    ),
}
# A pod without a container's state, and a Job without a pod.
ELSEWHERE = {"Unschedulable", "PodMissing"}


def pod(step: str, state: Object) -> Object:
    """Return the status of a pod of which this container is in this state."""
    where = "initContainerStatuses" if step in INITIAL else "containerStatuses"
    status = {"name": "fetch" if step == "serving" else step, "ready": False, "state": state}
    phase = "Pending" if "waiting" in state else "Failed"
    return {
        "phase": "Succeeded" if step == SIDECAR and phase == "Failed" else phase,
        where: [status],
    }


def ending(job: Object, step: str, code: int) -> Object | None:
    """Return the condition of a Job of which each pod ends with this code; None if it goes on."""
    if step == SIDECAR:
        return {"type": "Complete"}
    for rule in job["spec"]["podFailurePolicy"]["rules"]:
        codes = rule.get("onExitCodes", {"values": ()})
        if code in codes["values"] and codes.get("containerName", step) == step:
            fails = {"type": "Failed", "reason": "PodFailurePolicy"}
            return None if rule["action"] == "Ignore" else fails
    return {"type": "Failed", "reason": "BackoffLimitExceeded"}


def goes_on(world: World, name: str, step: str, state: Object) -> bool:
    """Let the pods of a Job come to this; return whether the Job tries again by itself."""
    job, status = world.get("Job", name), pod(step, state)
    world.cluster.step()
    code = state.get("terminated", {}).get("exitCode")
    condition = None if code is None else ending(job, step, code)
    if condition:
        world.cluster.end(world.get("Job", name), condition, status)
    else:
        world.cluster.working[name] = status
    world.settle()
    return condition is None


def of_dataset(step: str, state: Object) -> str:
    story = DatasetStory()
    first = story.job
    same, stalled = goes_on(story.world, first, step, state), story.condition("Stalled")
    if same:
        return "final" if stalled else "same"
    story.world.advance(SLOW_SECONDS if stalled else QUICK_SECONDS[0])
    if story.job == first:
        return "final"
    return "later" if stalled else "new"


def of_run(step: str, state: Object) -> str:
    story = RunStory()
    if step == "judge":
        story.trains()
    before, name = story.jobs, "first-judge" if step == "judge" else "first-train"
    same, stalled = goes_on(story.world, name, step, state), story.condition("Stalled")
    assert not (stalled and story.jobs != before)
    if stalled:
        return "final"
    assert same == (story.jobs == before)
    return "same" if same else "new"


def of_deployment(step: str, state: Object) -> str:
    story = RolloutStory(a_run("a"))
    story.once()
    assert story.canary
    story.world.cluster.serving[story.canary.identity] = pod(step, state)
    story.settle()
    return "final" if story.condition("Stalled")["reason"] else "same"


KINDS = {"profile": of_dataset, "serving": of_deployment}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("case", TABLE)
def test_each_end_of_each_step_is_tried_again_or_final(case: str, step: str) -> None:
    state, ends = TABLE[case]
    assert KINDS.get(step, of_run)(step, state) == ends.split()[STEPS.index(step)]


def test_the_table_has_every_reason_of_a_kubelet() -> None:
    assert pod_failures.POD_REASONS.keys() - ELSEWHERE == {
        case for case in TABLE if case in pod_failures.POD_REASONS
    }


def test_a_failure_is_judged_alike_when_its_pod_is_gone_and_only_its_reason_is_stored() -> None:
    story = DatasetStory()
    first = story.job
    goes_on(story.world, first, "profile", said("SourceChanged", True))
    story.world.cluster.lose_pods(story.world.get("Job", first))
    story.world.restart()
    story.world.advance(QUICK_SECONDS[0])
    assert story.job != first


@pytest.mark.parametrize("kind", StoreError.__subclasses__())
def test_what_the_store_calls_temporary_passes_by_its_reason_too(kind: type[StoreError]) -> None:
    assert (jobs.prospect_of(kind.reason, None) == "Passes") == kind.retry


def test_what_the_reference_says_is_tried_again_is_tried_again() -> None:
    meanings = {reason: text for group in MEANINGS.values() for reason, text in group.items()}
    again = {
        each for each, text in meanings.items() if "The operator tries again by itself" in text
    }
    assert again
    assert {jobs.prospect_of(each, None) for each in again} == {"Passes"}


@pytest.mark.parametrize("temporary", [True, False, None])
def test_every_prospect_is_one_that_plans_know(temporary: bool | None) -> None:
    found = {jobs.prospect_of(each, temporary) for each in (*jobs.PROSPECTS, "Odd")}
    assert found <= set(get_args(Prospect))

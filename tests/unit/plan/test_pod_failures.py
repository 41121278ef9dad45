"""The same trouble of pods, told by a run, a Dataset and a deployment: one reason, one remedy."""

from typing import Any

import pytest
from plumbline.plan.common import job_outcome, jobs, pod_failures
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.common.pod_failures import PodFailure
from plumbline.plan.model_deployment import workload

from tests.unit.plan.rollout_story import RolloutStory
from tests.unit.plan.rollout_story import run as a_run
from tests.unit.plan.stories import DatasetStory, RunStory

Object = dict[str, Any]
BORN = "2026-01-01T00:00:00Z"
SAID = "the kubelet's own words"
# What the kubelet says: the reason that conditions give, what mends it, and what to expect.
TABLE = {
    "ErrImagePull": ("ImagePullBackOff", "Check the image's name and the pull secrets", "Fixable"),
    "ImagePullBackOff": (
        "ImagePullBackOff",
        "Check the image's name and the pull secrets",
        "Fixable",
    ),
    "ErrImageNeverPull": ("ErrImageNeverPull", "Load the image on the node", "Fixable"),
    "InvalidImageName": ("InvalidImageName", "Fix the image's name", "Final"),
    "CreateContainerConfigError": ("CreateContainerConfigError", "Fix this cause", "Fixable"),
    "CreateContainerError": ("CreateContainerError", "Fix this cause", "Fixable"),
    "RunContainerError": ("RunContainerError", "Fix this cause", "Fixable"),
    "runs as root": ("RunAsRoot", "Give the image a numeric USER other than 0", "Final"),
    "OOMKilled": ("OOMKilled", "It needs a higher spec.resources.memory", "Fixable"),
    "Unschedulable": ("Unschedulable", f"cannot be scheduled: {SAID}", "Waits"),
}
WAITING = [each for each in TABLE if each not in ("OOMKilled",)]


def pod(said: str) -> Object:
    """Return a pod as the API server shows it while the kubelet says this."""
    name, about = "main", {"name": "p", "creationTimestamp": BORN}
    if said == "Unschedulable":
        told = {"type": "PodScheduled", "status": "False", "message": SAID}
        return {"metadata": about, "status": {"conditions": [told]}}
    state: Object = {"waiting": {"reason": said, "message": SAID}}
    if said == "runs as root":
        reason, text = "CreateContainerConfigError", "container has runAsNonRoot: image is root"
        state = {"waiting": {"reason": reason, "message": text}}
    if said == "OOMKilled":
        state = {"terminated": {"reason": said, "exitCode": 137}}
    return {"metadata": about, "status": {"containerStatuses": [{"name": name, "state": state}]}}


def of_job(said: str) -> JobOutcome:
    """Return what a Job with such a pod has come to."""
    condition = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}
    ended = {"conditions": [condition]} if said == "OOMKilled" else {}
    job = {"metadata": {"name": "j", "uid": "u"}, "status": {"startTime": BORN, **ended}}
    return job_outcome.of_job(job, [pod(said)])


def of_run(said: str) -> tuple[str, str]:
    story = RunStory()
    story.ends("first-train", of_job(said))
    found = story.condition("Ready")
    return found[1] if found else "", story.message("Ready")


def of_dataset(said: str) -> tuple[str, str]:
    story = DatasetStory()
    story.ends(of_job(said))
    found = story.condition("Ready")
    return found[1] if found else "", story.message("Ready")


def deployment_with(said: str) -> RolloutStory:
    """Return a deployment whose first model has such a pod."""
    story = RolloutStory(a_run("a"))
    story.once()
    assert story.canary
    story.world.cluster.serving[story.canary.identity] = {"phase": "Pending", **pod(said)["status"]}
    story.settle()
    return story


def of_deployment(said: str) -> tuple[str, str]:
    told = deployment_with(said).condition("Ready")
    return told["reason"], told["message"]


def failure_of(said: str) -> PodFailure:
    story = deployment_with(said)
    assert story.canary
    found = workload.trouble(story.snapshot(), story.canary.identity)
    assert found
    return found


@pytest.mark.parametrize("kind", [of_run, of_dataset, of_deployment])
@pytest.mark.parametrize("said", TABLE)
def test_the_same_trouble_has_the_same_reason_and_remedy_on_every_kind(
    said: str, kind: Any
) -> None:
    reason, remedy, _ = TABLE[said]
    told = kind(said)
    assert told[0] == reason
    assert remedy in told[1]


@pytest.mark.parametrize("said", TABLE)
def test_the_same_trouble_has_the_same_prospect_on_every_kind(said: str) -> None:
    reason, _, prospect = TABLE[said]
    assert failure_of(said).prospect == pod_failures.pod_reason(reason).prospect == prospect


@pytest.mark.parametrize("said", WAITING)
def test_a_job_is_told_of_for_good_at_once_after_some_patience_or_never(said: str) -> None:
    outcome, prospect = of_job(said), TABLE[said][2]
    assert outcome.since
    soon, late = outcome.since, outcome.since + jobs.FIXABLE_LIMIT
    found = [jobs.progress(outcome, now).final for now in (soon, late)]
    assert (
        found
        == {"Final": [True, True], "Fixable": [False, True], "Waits": [False, False]}[prospect]
    )


@pytest.mark.parametrize("said", TABLE)
def test_a_first_model_stalls_at_once_only_when_waiting_cannot_help(said: str) -> None:
    types = {each["type"] for each in deployment_with(said).status["conditions"]}
    assert ("Stalled" in types) == (TABLE[said][2] == "Final")

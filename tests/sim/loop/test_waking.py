"""Every wake that a kind declares is needed: without it a story ends with one who waits in vain."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from plumbline.plan.kind import Input, Reads
from plumbline.plan.registry import KINDS

from tests.sim.loop.rest import Unwoken
from tests.sim.loop.stories import Event, tell

TEMPLATE_GONE: Event = ("delete", 1)
QUESTION_GONE: Event = ("edit_dataset", 3)
SLOW, NOT_PULLED = 5, 1
JOBS_END: Event = ("jobs_end", 0)
STORIES: dict[str, list[Event]] = {
    "Dataset.requests": [("drift", 0)],
    "Dataset.evaluated": [],
    "TrainingTemplate.dataset": [QUESTION_GONE],
    "TrainingRun.template": [TEMPLATE_GONE, ("run", 0), ("restore", 0)],
    "TrainingRun.dataset": [("refresh", 0), ("run", 0), JOBS_END],
    "ModelDeployment.runs": [],
    "ModelDeployment.pods": [("pods_fail", SLOW), ("pods_fail", NOT_PULLED)],
    "DriftMonitor.deployment": [],
    "DriftMonitor.template": [TEMPLATE_GONE, ("drift", 0), ("restore", 0)],
    "DriftMonitor.dataset": [("drift", 0), JOBS_END],
    "DriftMonitor.runs": [("drift", 0), JOBS_END, JOBS_END, JOBS_END],
}
# A run goes by the champion when its judge Job has ended, and that wakes it.
NOT_NEEDED = {"TrainingRun.champion"}


def test_every_declared_wake_has_a_story() -> None:
    declared = {
        f"{kind.resource.kind}.{reads.into}"
        for kind in KINDS
        for reads in kind.reads
        if reads.wakes
    }
    assert declared == set(STORIES) | NOT_NEEDED


@pytest.mark.parametrize("wake", STORIES)
def test_without_this_wake_somebody_waits_in_vain(wake: str) -> None:
    tell(STORIES[wake])
    kind, into = wake.split(".")
    with pytest.raises(Unwoken, match=f"{kind} .* was not woken"):
        tell(STORIES[wake], kinds=_without(kind, into))


def test_what_keeps_the_pod_of_a_job_is_told_by_whom_the_job_is_for() -> None:
    reached: Counter[str] = Counter()
    tell([("refresh", 0), ("job_is_stuck", 0)], reached=reached)
    assert reached["Dataset Reconciling=True ImagePullBackOff"]


def _without(name: str, into: str) -> tuple[Any, ...]:
    """Return the kinds, one of which is not woken by something that it reads."""

    def deaf(each: Input) -> Input:
        return replace(each, wakes=False) if isinstance(each, Reads) and each.into == into else each

    return tuple(
        replace(kind, inputs=tuple(map(deaf, kind.inputs))) if kind.resource.kind == name else kind
        for kind in KINDS
    )

"""Whatever happens to all kinds at once: who must act is woken, and what is served stays served."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.sim.loop.stories import Event, tell, told
from tests.sim.loop.story import serves_what_it_says

# A set of stories that reaches none of these goes nowhere, and shows nothing.
FAST = {
    "said NewRevision",
    "said RolledBack",
    "said StepStarted",
    "said Promoted",
    "said Retraining",
    "said EpisodeClosed",
    "said DataBroken",
    "TrainingRun Ready=True Complete",
    "TrainingRun Ready=False Evaluating",
}
LONG = FAST | {
    "Dataset Valid=False RulesFailed",
    "TrainingRun Ready=False GateFailed",
    "TrainingRun Ready=False GateInconclusive",
    "TrainingRun Ready=False DatasetNotReady",
    "ModelDeployment Progressing=False Suspended",
    "ModelDeployment Progressing=True Draining",
    "ModelDeployment Progressing=False RolledBack",
    "Dataset Ready=False Suspended",
    "said OOMKilled",
}


def test_whoever_must_act_is_woken_and_clients_are_answered() -> None:
    _tell_all(stories=8, events=30, wanted=FAST)


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_no_long_story_ends_with_somebody_who_waits_in_vain() -> None:
    _tell_all(stories=60, events=150, wanted=LONG)


def _tell_all(*, stories: int, events: int, wanted: set[str]) -> None:
    reached: Counter[str] = Counter()

    @settings(
        max_examples=stories,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(story=told(events))
    def play(story: list[Event]) -> None:
        serves_what_it_says(tell(story, reached=reached).world)

    play()
    assert wanted <= set(reached), f"no story reaches {sorted(wanted - set(reached))}"

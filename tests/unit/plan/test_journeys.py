"""How many files a reader opens to follow one decision: those that a snapshot's plan enters.

Counted by a profiler over every state of the condition table: each function of `plumbline.plan`
that runs between the start and the end of a kind's `plan` counts with its file, whether it has seen
the snapshot itself or only a part of it. The builders of pods, in `plan/specs`, do not count, and
neither does what they call: which Job or Deployment there should be is decided before. Classes that
only hold values do not count either, since nothing is decided there.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import plumbline.plan

from tests.unit.plan import test_condition_table
from tests.unit.plan.rollout_story import RolloutStory, run

ROOT = Path(plumbline.plan.__file__).parent
PLANS = {
    "dataset/plan.py": "Dataset",
    "training/template.py": "TrainingTemplate",
    "training/run.py": "TrainingRun",
    "model_deployment/plan.py": "ModelDeployment",
    "drift_monitor/plan.py": "DriftMonitor",
}
MOST = 8


class Journeys:
    """The files that the plans of each kind have entered."""

    def __init__(self) -> None:
        self.entered: dict[str, set[str]] = defaultdict(set)
        self._files: dict[str, str] = {}
        self._kinds: list[str] = []
        self._specs = 0

    def note(self, frame: FrameType, event: str, _: Any) -> None:
        """Note a call or a return, as `sys.setprofile` tells of them."""
        file = self._file(frame.f_code.co_filename)
        if not file or event not in ("call", "return"):
            return
        is_plan = frame.f_code.co_name == "plan" and file in PLANS
        if is_plan and event == "return":
            self._kinds.pop()
        elif is_plan:
            self._kinds.append(PLANS[file])
        if file.startswith("specs/"):
            self._specs += 1 if event == "call" else -1
        elif self._kinds and not self._specs:
            self.entered[self._kinds[-1]].add(file)

    def _file(self, path: str) -> str:
        """Return the path inside of `plan`, or an empty string."""
        if path not in self._files:
            inside = path.startswith(f"{ROOT}/")
            self._files[path] = path.removeprefix(f"{ROOT}/") if inside else ""
        return self._files[path]


@contextmanager
def followed() -> Iterator[Journeys]:
    """Follow the plans that are made meanwhile."""
    journeys, before = Journeys(), sys.getprofile()
    sys.setprofile(journeys.note)
    try:
        yield journeys
    finally:
        sys.setprofile(before)


def test_a_reader_of_one_decision_opens_eight_files_at_most() -> None:
    with followed() as journeys:
        for _, state in test_condition_table.STATES:
            state()
        roll_out_a_good_run_and_a_bad_one()
    assert set(journeys.entered) == set(PLANS.values())
    told = {kind: sorted(files) for kind, files in journeys.entered.items()}
    print({kind: len(files) for kind, files in told.items()})
    assert {kind: files for kind, files in told.items() if len(files) > MOST} == {}


def roll_out_a_good_run_and_a_bad_one() -> None:
    story = RolloutStory(run("one"))
    story.roll_out()
    story.add(run("two", revision=2))
    story.roll_out()
    assert story.serving == "two"
    story.add(run("three", revision=3))
    story.settle()
    story.call(1000, errors=900)
    story.wait(1)
    story.settle()
    assert story.status["rejected"]

"""How many files a reader opens to follow one decision: those that a snapshot's plan enters.

Counted by a profiler over every state of the condition table: each function of `plumbline.plan`
that runs between the start and the end of a kind's `plan` counts with its file, whether it has seen
the snapshot itself or only a part of it. The builders of pods, in `plan/specs`, are a room of their
own: which Job or Deployment there should be is decided before they are asked. Classes that only
hold values are not counted, since nothing is decided there.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import plumbline.plan

from tests.unit.plan import test_condition_table, test_model_deployment

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
        if self._kinds and not file.startswith("specs/"):
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
        test_model_deployment.test_a_good_canary_goes_through_every_step_and_takes_over()
        test_model_deployment.test_a_broken_canary_is_remembered_and_not_retried()
    assert set(journeys.entered) == set(PLANS.values())
    told = {kind: sorted(files) for kind, files in journeys.entered.items()}
    print({kind: len(files) for kind, files in told.items()})
    assert {kind: files for kind, files in told.items() if len(files) > MOST} == {}

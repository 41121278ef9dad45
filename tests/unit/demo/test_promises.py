"""A telling that broke a promise never ends as if it had gone well."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

import demo.__main__ as program
from demo import failures, story
from demo.cluster import StoryError

KEPT = {
    "quiet_rows": 4500,
    "quiet_alarms": 0,
    "alarm_rows": 120,
    "alarm_seconds": 3.1,
    "healed_seconds": 90.0,
    "auc_before": 0.67,
    "auc_after": 0.75,
}


def told(monkeypatch: pytest.MonkeyPatch, folder: Path, *, failed: int = 0, **figures: Any) -> int:
    """Tell a story with these figures and return the program's exit status."""

    async def tell(one: story.Story) -> None:
        one.result |= {**KEPT, **figures}
        one.traffic.requests, one.traffic.failed = 9000, failed

    async def nothing(_: story.Story) -> None:
        pass

    monkeypatch.setattr(program.flights, "table", lambda: None)
    monkeypatch.setattr(story, "tell", tell)
    monkeypatch.setattr(failures, "tell", nothing)
    monkeypatch.setattr(program, "RESULT", folder / "result.json")
    return program.main()


def test_a_story_that_went_well_ends_well(monkeypatch, tmp_path):
    assert told(monkeypatch, tmp_path) == 0
    result = json.loads((tmp_path / "result.json").read_text())
    assert result == {**KEPT, "requests": 9000, "failed": 0, "stages": {}}


@pytest.mark.parametrize(
    ("figures", "sentence"),
    [
        ({"failed": 3}, "3 of 9000 requests failed"),
        ({"quiet_alarms": 1}, "There were 1 alarms on days without drift."),
        ({"auc_after": 0.66}, "The new model is not better: AUC 0.66, before 0.67."),
    ],
)
def test_a_broken_promise_is_said_and_ends_badly(monkeypatch, tmp_path, capsys, figures, sentence):
    assert told(monkeypatch, tmp_path, **figures) == 1
    assert sentence in capsys.readouterr().out


async def test_a_watch_that_broke_down_is_not_silence(monkeypatch):
    def lost(*_: str) -> None:
        raise StoryError("kubectl get: the connection was lost")

    monkeypatch.setattr(story, "get", lost)
    monkeypatch.setattr(story, "LAST_LOOK_SECONDS", 0.0)
    with pytest.raises(StoryError, match="the connection was lost"):
        async with story.watching([]):
            await asyncio.sleep(0.1)


async def test_a_training_that_begins_late_is_found_too(monkeypatch):
    seen = iter([{"run/one"}, {"run/one", "run/flights-too-good", "run/two"}])

    async def stopped(_: story.Story) -> str:
        return "stopped"

    for name in ("a_gate_fails", "sentinels_arrive", "a_dataset_breaks", "a_canary_crashes"):
        monkeypatch.setattr(failures, name, stopped)
    monkeypatch.setattr(failures, "_serving", lambda: "one")
    monkeypatch.setattr(failures, "_runs", lambda: next(seen))
    with pytest.raises(AssertionError, match="started a training: run/two"):
        await failures.tell(story.Story(rows=None))

"""The story that the demo tells, on its real data, from the first file to the better challenger."""

from typing import Any

import pytest

from tests.unit.jobs import flights, runs
from tests.unit.jobs.pods import Pods

PARAMS = {"max_iter": 40, "learning_rate": "0.2"}
SCHEMA = {"columns": flights.columns(), "timeColumn": "time_hour"}


def _revision(pod: Pods, previous: str | None, **holdout: Any) -> str:
    question = {"task": "Classification", "target": "late", "holdout": holdout}
    ended, _ = pod.profile(
        SCHEMA, question=question, previous=previous, expectations={"minRows": 1000}
    )
    assert ended.words["verdict"] == "Valid", ended
    return str(ended.words["digest"])


@pytest.mark.parametrize(
    "holdout",
    [
        {"by": "Time"},
        pytest.param({"by": "Group", "column": "date"}, marks=pytest.mark.prove),
        pytest.param({"by": "Row"}, marks=pytest.mark.prove),
    ],
    ids=str,
)
def test_a_challenger_that_has_seen_the_new_season_beats_the_champion(
    pod: Pods, holdout: dict[str, Any]
) -> None:
    for month in (1, 2):
        pod.upload(f"2013-{month:02}.csv", flights.month(month))
    first = _revision(pod, None, **holdout)
    gates = {
        "metrics": [{"metric": "auc", "min": 0.55}],
        "champion": {"deploymentRef": {"name": "f"}, "metric": "auc", "margin": 0.02},
    }
    task = runs.run_task(first, pod, params=PARAMS, features=flights.FEATURES, gates=gates)
    ended, winter = runs.whole_run(pod, task)
    assert ended.words["verdict"] == "Passed", ended

    for month in (5, 6):
        pod.upload(f"2013-{month:02}.csv", flights.month(month))
    second = _revision(pod, first, **holdout)
    task = runs.run_task(second, pod, params=PARAMS, features=flights.FEATURES, gates=gates)
    champion = {"manifest": ended.words["digest"], "digest": "", "run": "flights-1"}
    ended, spring = runs.whole_run(pod, task, champion)
    print(holdout, _line(winter), _line(spring), spring["champion"]["better"])
    assert ended.words["verdict"] == "Passed", ended
    assert spring["champion"]["better"]["low"] > 0


def _line(manifest: dict[str, Any]) -> str:
    auc = next(m for m in manifest["metrics"] if m["name"] == "auc")
    return "{value:.3f} [{low:.3f}, {high:.3f}] n={n} groups={groups}".format(**auc)

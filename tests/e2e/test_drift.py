"""What live rows say on a real cluster: a world that moved is learnt, a stuck sensor is not."""

from functools import partial
from typing import Any

import pytest

from tests.e2e import objects
from tests.e2e.cluster import condition, get, is_ready, listed, poll, until
from tests.e2e.conftest import Model, Names, Tell
from tests.e2e.load import Load
from tests.e2e.story import begun, serves

pytestmark = pytest.mark.cluster

QUIET_ROWS, WARM = 500, 32


def watched(names: Names, model: Model) -> str:
    """Watch a model with a monitor that retrains, and return its name."""
    response = {"mode": "Retrain", "templateRef": {"name": model.name}}
    spec = {"deploymentRef": {"name": model.name}, "response": response}
    names.apply(objects.made("DriftMonitor", model.name, spec))
    until("driftmonitor", model.name, is_ready)
    return model.name


def stands(name: str, type_: str) -> bool:
    """Tell whether a condition of a monitor is true."""
    return condition(get("driftmonitor", name), type_).get("status") == "True"


def quiet(load: Load, name: str) -> None:
    """Let usual rows come until the monitor can tell drift from them, and tells none."""

    def is_sure(monitor: dict[str, Any]) -> bool:
        return load.sent > QUIET_ROWS and condition(monitor, "Drifted").get("status") == "False"

    until("driftmonitor", name, is_sure, seconds=150)
    assert not stands(name, "DataBroken")


def answers(name: str) -> list[str]:
    """Return the runs that a monitor has made."""
    return [
        run["metadata"]["name"] for run in listed("trainingruns", f"plumbline.dev/monitor={name}")
    ]


def test_a_world_that_has_moved_is_answered_with_one_retraining_that_goes_out(
    names: Names, tell: Tell
) -> None:
    model = begun(names, names.new("moved"))
    name = watched(names, model)
    with Load(model.url).going() as load:
        quiet(load, name)
        names.apply(objects.config_map(name, objects.csv(seed=3, mean=WARM)))
        load.row, before = partial(objects.usual, mean=WARM), load.sent
        until("driftmonitor", name, lambda _: stands(name, "Drifted"), seconds=60)
        tell(f"drift found within {load.sent - before} rows")
        (run,) = poll(lambda: answers(name), seconds=90, why=lambda: "nothing is trained")
        until("modeldeployment", name, lambda d: serves(d, run), seconds=240)
        until("driftmonitor", name, lambda _: not stands(name, "Drifted"), seconds=90)
    assert get("dataset", name)["status"]["revision"] == 2
    assert get("trainingrun", run)["status"]["dataset"]["revision"] == 2
    assert answers(name) == [run]
    assert not load.failed, load.failed[:3]


def test_a_sensor_that_is_stuck_pages_and_is_no_drift_even_when_it_is_mended(
    names: Names, tell: Tell
) -> None:
    model = begun(names, names.new("stuck"))
    name = watched(names, model)
    with Load(model.url).going() as load:
        quiet(load, name)
        load.row, before = lambda chance: (21.5, *objects.usual(chance)[1:]), load.sent
        until("driftmonitor", name, lambda _: stands(name, "DataBroken"), seconds=60)
        tell(f"a stuck sensor found within {load.sent - before} rows")
        broken = get("driftmonitor", name)["status"]["broken"]
        assert {(each["column"], each["rule"]) for each in broken} == {("heat", "ValueJump")}
        load.row = objects.usual
        until("driftmonitor", name, lambda _: not stands(name, "DataBroken"), seconds=180)
        mended = load.sent
        poll(lambda: load.sent > mended + QUIET_ROWS, seconds=60, why=lambda: f"{load.sent} sent")
    status = get("driftmonitor", name)["status"]
    assert [each["column"] for each in status["mended"]] == ["heat"]
    assert not stands(name, "Drifted")
    assert status.get("episode") is None
    assert not status.get("history")
    assert answers(name) == []

"""The operator is killed, freezes and is cut off: another one goes on, and never two at once."""

import json
import time
from collections.abc import Iterator

import pytest
from plumbline.kube.lease import Terms

from tests.e2e import objects, replicas
from tests.e2e.cluster import SYSTEM, get, kubectl, poll
from tests.e2e.conftest import Names, Tell

pytestmark = pytest.mark.cluster

TAKEOVER_SECONDS = 20.0
"""What the Lease's terms promise: its duration, two looks at it, and some time to begin."""


@pytest.fixture(scope="module", autouse=True)
def _one() -> Iterator[None]:
    """Leave one replica, as it was."""
    yield
    replicas.scaled(1)


@pytest.fixture
def pair() -> tuple[str, str]:
    """Return the replica that leads and the one that waits."""
    replicas.scaled(2)
    first = replicas.leader()
    other = next(n for pod in replicas.pods() if (n := pod["metadata"]["name"]) != first)
    return first, other


@pytest.fixture
def alone() -> str:
    """Return the one replica."""
    replicas.scaled(1)
    return replicas.leader()


def asked(names: Names) -> str:
    """Apply an object that the operator has to do something for."""
    name = names.new("work")
    source = objects.in_config_map(name)
    names.apply(objects.config_map(name, objects.csv(rows=200)), objects.dataset(name, source))
    return name


def is_seen(name: str) -> bool:
    """Tell whether the operator has said anything about it."""
    return bool(get("dataset", name).get("status", {}).get("conditions"))


def children(name: str) -> list[str]:
    """Return what the operator has made for it."""
    found = kubectl("get", "jobs,configmaps", "-o", "name").split()
    return [each for each in found if f"/{name}-" in each]


def seconds_to_work(names: Names) -> float:
    """Return how long it takes until somebody works on a new object."""
    began, name = time.monotonic(), asked(names)
    poll(lambda: is_seen(name), seconds=60, why=lambda: f"{replicas.leader()} leads")
    return time.monotonic() - began


def seconds_to_take_over(lost: str, names: Names) -> float:
    """Return how long it takes until another replica leads and works.

    A leader that is going may still do the first work it is given, so the Lease comes first.
    """
    began = time.monotonic()
    poll(lambda: replicas.leader() not in ("", lost), seconds=60, why=lambda: f"{lost} leads")
    led = time.monotonic() - began
    return led + seconds_to_work(names)


def test_the_leaders_pod_is_killed_and_the_other_takes_over(
    pair: tuple[str, str], names: Names, tell: Tell
) -> None:
    lost, other = pair
    kubectl("delete", "pod", lost, "--grace-period=0", "--force", "--namespace", SYSTEM)
    seconds = seconds_to_take_over(lost, names)
    tell(f"leader killed: another one worked after {seconds:.1f} s")
    assert seconds <= TAKEOVER_SECONDS
    assert other in [pod["metadata"]["name"] for pod in replicas.pods()]


def test_a_leader_that_is_told_to_end_hands_over_at_once(
    pair: tuple[str, str], names: Names, tell: Tell
) -> None:
    lost, _ = pair
    kubectl("delete", "pod", lost, "--wait=false", "--namespace", SYSTEM)
    seconds = seconds_to_take_over(lost, names)
    tell(f"leader told to end: another one worked after {seconds:.1f} s")
    assert seconds < Terms().duration_seconds


def test_a_leader_that_froze_is_replaced_and_wakes_up_too_late_to_write(
    pair: tuple[str, str], names: Names, tell: Tell
) -> None:
    old, new = pair
    before = replicas.restarts(old)
    with replicas.frozen(replicas.process(old)):
        seconds = seconds_to_work(names)
        tell(f"leader frozen: another one worked after {seconds:.1f} s")
        assert seconds <= TAKEOVER_SECONDS
        assert replicas.leader() == new
        sleeper = replicas.process(new)
        with replicas.frozen(sleeper):
            # Nobody but the old leader is awake now: whatever is written is its doing.
            name = asked(names)
            replicas.wake(replicas.process(old))
            ended = replicas.started_again(old, before, seconds=30)
            assert not is_seen(name)
            assert not children(name)
    assert ended["exitCode"] == 1
    assert "Lease" in replicas.log(old)
    poll(lambda: is_seen(name), seconds=60, why=lambda: f"{replicas.leader()} leads")
    assert children(name)


@pytest.mark.prove
def test_an_operator_that_is_stuck_is_started_again(alone: str, names: Names, tell: Tell) -> None:
    before, began = replicas.restarts(alone), time.monotonic()
    with replicas.frozen(replicas.process(alone)):
        ended = replicas.started_again(alone, before, seconds=120)
    tell(f"operator stuck: started again after {time.monotonic() - began:.1f} s")
    assert ended["exitCode"] == 137
    seconds = seconds_to_work(names)
    tell(f"operator stuck: worked {seconds:.1f} s after its new start")


@pytest.mark.prove
def test_an_operator_that_is_cut_off_ends_itself_and_comes_back(
    alone: str, names: Names, tell: Tell
) -> None:
    before, began = replicas.restarts(alone), time.monotonic()
    with replicas.cut_off(replicas.process(alone)):
        ended = replicas.started_again(alone, before, seconds=60)
        tell(f"operator cut off: ended and started again after {time.monotonic() - began:.1f} s")
    assert ended["exitCode"] == 1
    assert "could not renew its Lease" in replicas.log(alone)
    seconds = seconds_to_work(names)
    tell(f"operator cut off: worked {seconds:.1f} s after the way was free")


@pytest.mark.prove
@pytest.mark.parametrize("levels", [1_100, 5_000])
def test_an_object_that_nobody_can_read_is_passed_over_and_hides_no_other(
    levels: int, alone: str, names: Names, tell: Tell
) -> None:
    run = names.new("deep")
    estimator = {"import": "sklearn.linear_model.LogisticRegression", "params": {"C": "LEVELS"}}
    text = json.dumps(objects.training(run, "nowhere", {"estimator": estimator}))
    kubectl("create", "-f", "-", stdin=text.replace('"LEVELS"', "[" * levels + "]" * levels))
    try:
        tell(f"{levels} levels: worked on others after {seconds_to_work(names):.1f} s")
        kubectl("delete", "pod", alone, "--namespace", SYSTEM)
        replicas.scaled(1)
        tell(f"{levels} levels, new start: worked after {seconds_to_work(names):.1f} s")
        assert replicas.restarts(replicas.leader()) == 0
        assert not is_seen(run)
    finally:
        kubectl("delete", "trainingrun", run)

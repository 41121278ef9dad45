"""Every state of a deployment reads to kubectl, Helm and Flux as the design's table says."""

import pytest

from tests.unit.plan.rollout_story import RolloutStory, run

SUSPENDED = {"suspend": True}


def waiting() -> RolloutStory:
    world = RolloutStory()
    world.settle()
    return world


def starting() -> RolloutStory:
    world = RolloutStory(run("one"))
    world.settle(start_pods=False)
    return world


def serving() -> RolloutStory:
    world = RolloutStory(run("one"))
    world.roll_out()
    return world


def measuring() -> RolloutStory:
    world = serving()
    world.add(run("two", revision=2))
    world.settle()
    return world


def rolled_back() -> RolloutStory:
    world = measuring()
    world.call(500, errors=250)
    world.settle()
    return world


def held() -> RolloutStory:
    world = RolloutStory(run("one"), suspend=True)
    world.settle()
    return world


def stalled() -> RolloutStory:
    world = RolloutStory(run("one"))
    world.once()
    assert world.canary
    world.break_pods(world.canary.identity)
    world.settle()
    world.wait(601)
    world.settle()
    return world


def down() -> RolloutStory:
    world = serving()
    world.break_pods(world.answered_by)
    world.start_pods()
    world.settle()
    return world


@pytest.mark.parametrize(
    ("state", "ready", "reason", "reconciling", "is_stalled", "progressing"),
    [
        (waiting, "False", "WaitingForRun", "True", "absent", "WaitingForRun"),
        (starting, "False", "Starting", "True", "absent", "Starting"),
        (serving, "True", "Serving", "absent", "absent", "Idle"),
        (measuring, "True", "Serving", "True", "absent", "CanaryRunning"),
        (rolled_back, "True", "Serving", "absent", "absent", "RolledBack"),
        (held, "False", "Suspended", "absent", "absent", "Idle"),
        (stalled, "False", "ProgressDeadlineExceeded", "absent", "True", "Starting"),
        (down, "False", "Unavailable", "True", "absent", "Idle"),
    ],
)
def test_conditions(state, ready, reason, reconciling, is_stalled, progressing):
    world = state()
    found = world.condition("Ready")
    assert (found["status"], found["reason"]) == (ready, reason)
    assert found["message"]
    assert world.condition("Reconciling")["status"] == reconciling
    assert world.condition("Stalled")["status"] == is_stalled
    assert world.condition("Progressing")["reason"] == progressing
    assert world.status["observedGeneration"] == world.deployment.metadata.generation


def test_what_serves_has_an_address_and_a_selector_for_scaling():
    world = serving()
    status = world.deployment.status
    assert status.url == "http://flights.flights.svc"
    assert f"plumbline.dev/identity={world.answered_by}" in status.selector
    assert (status.replicas, status.ready_replicas) == (1, 1)


def test_a_rollout_is_told_as_events_once_each():
    world = serving()
    world.events.clear()
    world.add(run("two", revision=2))
    world.roll_out()
    reasons = [event.reason for event in world.events]
    assert reasons == ["RolloutStarted", "StepStarted", "StepStarted", "Promoted"]

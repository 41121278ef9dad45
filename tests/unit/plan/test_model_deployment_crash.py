"""The operator dies after any write of any pass, and everything ends the same."""

import pytest

from tests.unit.plan.rollout_story import RolloutStory, run


def ended(world: RolloutStory) -> tuple[object, ...]:
    return (
        world.serving,
        world.rolling_out,
        world.answered_by,
        [child["metadata"]["name"] for child in world.of("Deployment")],
        [child["metadata"]["name"] for child in world.of("Service")],
        [each.run for each in world.deployment.status.rejected],
    )


PASSES = 24


def story(
    *, crash: tuple[int, int] | None, errors: int
) -> tuple[RolloutStory, list[tuple[int, int]]]:
    """One rollout with a crash in a pass after some writes; and all points where it can crash."""
    world = RolloutStory(run("one"), replicas=2)
    world.roll_out()
    world.add(run("two", revision=2))
    points = []
    for number in range(PASSES):
        if world.canary and world.canary.weight:
            world.call(5000, errors=errors)
        before = world.writes
        world.once(crash_after=crash[1] if crash and crash[0] == number else None)
        points += [(number, writes) for writes in range(world.writes - before)]
        world.start_pods()
        assert_answered(world)
        world.wait(4)
    return world, points


def assert_answered(world: RolloutStory) -> None:
    """Clients are always sent to pods that are there and ready."""
    for child in world.of("Deployment"):
        if child["metadata"]["labels"]["plumbline.dev/identity"] == world.answered_by:
            assert child["status"]["readyReplicas"] == 2
            return
    raise AssertionError("clients are sent to nobody")


@pytest.mark.parametrize("errors", [0, 2500])
def test_a_rollout_survives_a_crash_after_any_write(errors):
    calm, points = story(crash=None, errors=errors)
    assert calm.serving == ("one" if errors else "two")
    assert len(points) >= 7
    for point in points:
        crashed, _ = story(crash=point, errors=errors)
        assert ended(crashed) == ended(calm), point


@pytest.mark.parametrize("writes", range(3))
@pytest.mark.parametrize("crash_at", range(4))
def test_a_first_start_survives_a_crash_after_any_write(writes, crash_at):
    world = RolloutStory(run("one"))
    for number in range(8):
        world.once(crash_after=writes if number == crash_at else None)
        world.start_pods()
    assert world.serving == "one"
    assert len(world.of("Deployment")) == 1


def test_an_operator_that_is_away_for_an_hour_cuts_nobody_off_when_it_comes_back():
    world = RolloutStory(run("one"))
    world.roll_out()
    old = world.answered_by
    world.add(run("two", revision=2))
    world.settle()
    while world.canary:
        world.call(5000)
        world.once()
    world.wait(3600)
    world.once()
    alive = {c["metadata"]["labels"]["plumbline.dev/identity"] for c in world.of("Deployment")}
    assert old in alive, "endpoints have only just begun to move"

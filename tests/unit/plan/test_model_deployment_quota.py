"""A namespace that lets no more pods in holds a rollout up, and ruins nothing."""

from tests.unit.plan.rollout_story import RolloutStory, run

REFUSED = 'pods "{}" is forbidden: exceeded quota: small, requested: pods=1, used: pods=4'


def full(world: RolloutStory, said: str = REFUSED) -> None:
    """Let the cluster refuse the pods of whatever is under way."""
    world.refuse_pods(said)
    world.settle()


def first() -> RolloutStory:
    world = RolloutStory(run("one"))
    world.settle(start_pods=False)
    return world


def second() -> RolloutStory:
    world = RolloutStory(run("one"))
    world.roll_out()
    world.add(run("two", revision=2))
    world.settle(start_pods=False)
    return world


def test_a_first_model_waits_for_quota_however_long_and_then_serves():
    world = first()
    full(world)
    world.wait(10_000)
    world.settle()
    found = world.condition("Ready")
    assert (found["status"], found["reason"]) == ("False", "QuotaExceeded")
    assert "requested: pods=1" in found["message"]
    assert "x7k2p" not in found["message"]
    assert world.condition("Reconciling")["status"] == "True"
    assert world.condition("Stalled")["status"] == "absent"
    world.refuse_pods("")
    world.roll_out()
    assert world.serving == "one"


def test_a_next_model_waits_for_quota_while_the_old_one_serves():
    world = second()
    full(world)
    world.wait(10_000)
    world.settle()
    assert (world.serving, world.rolling_out) == ("one", "two")
    assert world.condition("Ready")["status"] == "True"
    assert world.condition("Progressing")["reason"] == "QuotaExceeded"
    world.refuse_pods("")
    world.roll_out()
    assert world.serving == "two"


def test_pods_that_a_policy_refuses_stall_a_first_model_with_the_policys_words():
    world = first()
    full(world, 'pods "{}" is forbidden: violates PodSecurity "odd"')
    world.wait(601)
    world.settle()
    assert world.condition("Stalled")["reason"] == "PodsRefused"
    assert 'violates PodSecurity "odd"' in world.condition("Stalled")["message"]

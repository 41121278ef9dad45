"""A namespace that lets no more pods in holds a rollout up, and ruins nothing."""

from tests.unit.plan.rollout_world import IDENTITY, World, run

REFUSED = 'pods "{name}-x7k2p" is forbidden: exceeded quota: small, requested: pods=1, used: pods=4'


def full(world: World, said: str = REFUSED) -> None:
    """Let the cluster refuse the pods of whatever is under way."""
    assert world.canary
    for child in world.of("Deployment"):
        if child["metadata"]["labels"][IDENTITY] == world.canary.identity:
            about = child["metadata"]
            failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}
            failure["message"] = said.format(name=about["name"])
            child["status"] = {"observedGeneration": about["generation"], "conditions": [failure]}
    world.settle(start_pods=False)


def first() -> World:
    world = World(run("one"))
    world.settle(start_pods=False)
    return world


def second() -> World:
    world = World(run("one"))
    world.roll_out()
    world.add(run("two", revision=2))
    world.settle(start_pods=False)
    return world


def test_a_first_model_waits_for_quota_however_long_and_then_serves():
    world = first()
    full(world)
    world.wait(10_000)
    world.settle(start_pods=False)
    found = world.condition("Ready")
    assert (found["status"], found["reason"]) == ("False", "QuotaExceeded")
    assert "requested: pods=1" in found["message"]
    assert "x7k2p" not in found["message"]
    assert world.condition("Reconciling")["status"] == "True"
    assert world.condition("Stalled")["status"] == "absent"
    world.roll_out()
    assert world.serving == "one"


def test_a_next_model_waits_for_quota_while_the_old_one_serves():
    world = second()
    full(world)
    world.wait(10_000)
    world.settle(start_pods=False)
    assert (world.serving, world.rolling_out) == ("one", "two")
    assert world.condition("Ready")["status"] == "True"
    assert world.condition("Progressing")["reason"] == "QuotaExceeded"
    world.roll_out()
    assert world.serving == "two"


def test_pods_that_a_policy_refuses_stall_a_first_model_with_the_policys_words():
    world = first()
    full(world, 'pods "{name}-x7k2p" is forbidden: violates PodSecurity "odd"')
    world.wait(601)
    world.settle(start_pods=False)
    assert world.condition("Stalled")["reason"] == "PodsRefused"
    assert 'violates PodSecurity "odd"' in world.condition("Stalled")["message"]

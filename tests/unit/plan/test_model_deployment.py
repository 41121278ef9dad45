"""What serves goes on serving: through lost statuses, lost pods, quotas, scaling and deletions."""

from dataclasses import replace

from plumbline.plan.model_deployment.plan import plan

from tests.unit.plan.rollout_story import DAMAGED, IDENTITY, NO_IMAGE, RolloutStory, run, served


def test_a_namespace_without_credentials_says_what_mends_it():
    world = RolloutStory(run("one"))
    world.settings = type(world.settings)(trainer_image="t", server_image="s")
    world.settle(start_pods=False)
    assert world.condition("Stalled")["reason"] == "StoreCredentialsMissing"
    assert "helm" in world.condition("Stalled")["message"]


def test_a_deployment_that_is_deleted_by_hand_comes_back():
    world = served(run("one"))
    world.delete("Deployment", world.of("Deployment")[0]["metadata"]["name"])
    world.settle(start_pods=False)
    assert len(world.of("Deployment")) == 1
    assert world.condition("Ready")["reason"] == "Unavailable"
    world.settle()
    assert world.condition("Ready")["reason"] == "Serving"


def test_what_serves_and_lost_its_pods_says_what_keeps_them():
    world = served(run("one"))
    world.break_pods(world.deployment.status.stable.identity, DAMAGED)
    world.settle()
    assert world.condition("Ready")["reason"] == "ModelDamaged"
    assert "differs from its digest" in world.condition("Ready")["message"]


def test_replicas_scale_what_serves_and_protect_it_from_drains():
    world = served(run("one"))
    assert world.of("PodDisruptionBudget") == []
    world.edit(replicas=3)
    world.settle()
    assert world.of("Deployment")[0]["spec"]["replicas"] == 3
    assert world.deployment.status.replicas == 3
    assert world.of("PodDisruptionBudget")[0]["spec"]["maxUnavailable"] == 1


def test_scaling_to_zero_is_said_and_promotes_nothing():
    world = served(run("one"), run("two", revision=2), replicas=0)
    world.settle()
    assert world.condition("Ready")["reason"] == "ScaledToZero"
    assert world.serving == "one"


def test_status_is_quiet_while_requests_come_in():
    world = served(run("one"), run("two", revision=2), rollout={"analysis": {"minRequests": 10**6}})
    world.settle()
    world.call(1200)
    world.settle()
    writes = world.writes
    for requests in range(1201, 1300):
        world.call(requests)
        world.settle()
    assert world.writes == writes
    assert world.canary.requests == 1200


def test_an_operator_that_restarts_and_knows_no_counts_yet_writes_nothing():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.call(40)
    world.settle()
    writes, world.traffic = world.writes, type(world.traffic)()
    world.settle()
    assert world.writes == writes


def test_status_that_is_lost_takes_nobody_down():
    world = served(run("one"))
    answered = world.answered_by
    world.lose_status()
    world.settle(start_pods=False)
    assert world.answered_by == answered
    assert len(world.of("Deployment")) == 1
    assert world.serving == "one"


def test_status_that_is_lost_keeps_the_pods_that_answer_until_others_do():
    world = served(run("one"), run("two", revision=2))
    answered = world.answered_by
    world.lose_status()
    world.settle(start_pods=False)
    assert answered in [c["metadata"]["labels"][IDENTITY] for c in world.of("Deployment")]
    world.settle()
    assert world.serving == "two"
    assert len(world.of("Deployment")) == 1


def test_the_clock_of_what_served_before_waits_for_the_service():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    while world.canary:
        world.call(5000)
        world.once()
    (before,) = world.once().status["retiring"]
    assert "since" not in before, "decided, but clients are still sent to it"


def test_a_kubelet_that_says_the_same_in_other_words_writes_nothing():
    world = served(run("one"), run("two", revision=2))
    world.once()
    world.break_pods(world.canary.identity, NO_IMAGE)
    world.settle()
    writes, again = world.writes, {"reason": "ImagePullBackOff", "message": "Back-off pulling"}
    world.break_pods(world.canary.identity, {"name": "fetch", "state": {"waiting": again}})
    world.settle()
    assert world.writes == writes


def test_a_status_of_an_earlier_spec_is_not_believed():
    world = served(run("one"), run("two", revision=2))
    world.settle(start_pods=False)
    world.start_pods()
    for child in world.of("Deployment"):
        world.world.edit("Deployment", child["metadata"]["name"], paused=True)
    world.settle(start_pods=False)
    assert world.canary.weight == 0


def test_an_object_on_its_way_out_is_left_alone():
    world = served(run("one"))
    snapshot = world.snapshot()
    gone = snapshot.deployment.metadata.model_copy(update={"deletion_timestamp": world.now})
    leaving = snapshot.deployment.model_copy(update={"metadata": gone})
    found = plan(replace(snapshot, deployment=leaving))
    assert (found.apply, found.status) == ((), None)

"""What people fear of a rollout, each as a sentence."""

import json
import re
from dataclasses import replace

import pytest
from plumbline.live.observations import PodProblem
from plumbline.plan.model_deployment import measure
from plumbline.plan.model_deployment.plan import plan

from tests.unit.plan.rollout_story import IDENTITY, RolloutStory, run

CRASH = {
    "name": "server",
    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
    "lastState": {"terminated": {"exitCode": 1, "message": "Traceback\nKeyError: 'temp'"}},
}
DAMAGED = {
    "name": "fetch",
    "state": {
        "terminated": {
            "exitCode": 64,
            "message": '{"reason": "ModelDamaged", "message": "blob sha256:ab differs from its '
            'digest", "retry": false}',
        }
    },
}
NO_IMAGE = {
    "name": "fetch",
    "state": {"waiting": {"reason": "ErrImagePull", "message": "registry/server:9: not found"}},
}


def served(*runs, **spec):
    """A world in which the first run serves."""
    world = RolloutStory(runs[0], **spec)
    world.roll_out()
    world.add(*runs[1:])
    world.events.clear()
    return world


def test_the_first_model_serves_as_soon_as_its_pods_are_ready():
    world = RolloutStory(run("one"))
    world.settle(start_pods=False)
    assert world.answered_by == "", "no Service before there is somebody to answer"
    assert world.condition("Ready")["status"] == "False"
    assert world.condition("Reconciling")["reason"] == "Starting"
    world.settle()
    assert world.serving == "one"
    assert world.condition("Ready")["reason"] == "Serving"
    assert world.condition("Reconciling")["status"] == "absent"


def test_a_canary_with_no_traffic_is_never_promoted():
    world = served(run("one"), run("two", revision=2))
    for _ in range(100):
        world.settle()
        world.wait(3600)
    assert (world.serving, world.rolling_out) == ("one", "two")
    assert "100" in world.condition("Progressing")["message"]


def test_the_message_says_how_many_requests_the_step_still_needs():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.call(40)
    world.settle()
    message = world.condition("Progressing")["message"]
    assert "step 1 of 2" in message
    assert "60" in message


def test_a_good_canary_goes_through_every_step_and_takes_over():
    world = served(run("one"), run("two", revision=2))
    weights = []
    for _ in range(10):
        world.settle()
        if world.canary is None:
            break
        weights.append(world.canary.weight)
        world.call(5000)
        world.wait(1)
    assert weights == [10, 50]
    assert world.serving == "two"


def test_a_step_is_not_left_before_its_pause_is_over():
    world = served(
        run("one"),
        run("two", revision=2),
        rollout={"steps": [{"weight": 10, "pauseSeconds": 60}]},
    )
    world.settle()
    world.call(5000)
    world.wait(59)
    world.settle()
    assert world.rolling_out == "two"
    world.wait(1)
    world.settle()
    assert world.serving == "two"


def test_counts_of_pods_that_do_not_follow_the_step_yet_promote_nothing():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.call(5000)
    world.traffic = type(world.traffic)(
        arms=world.traffic.arms, latency_bounds=world.traffic.latency_bounds
    )
    world.settle()
    assert world.canary.step == 0


def test_a_canary_that_waits_for_a_pod_whose_counts_cannot_be_read_names_it():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.call(5000)
    stable = world.deployment.status.stable.identity
    blind = PodProblem(pod="one-1", identity=stable, image="server:9", message="its format is 7")
    world.traffic = replace(world.traffic, routed=frozenset(), unreadable=(blind,))
    world.settle()
    assert world.canary.step == 0
    message = world.condition("Progressing")["message"]
    assert "counts of pod one-1 (image server:9) cannot be read: its format is 7" in message


def test_a_broken_canary_is_remembered_and_not_retried():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    identity = world.canary.identity
    world.call(500, errors=250)
    world.settle()
    for _ in range(20):
        world.wait(600)
        world.settle()
    assert (world.serving, world.rolling_out) == ("one", "")
    rejected = world.deployment.status.rejected
    assert [(each.identity, each.run) for each in rejected] == [(identity, "two")]
    assert "250" in rejected[0].message
    assert len(world.told("RolledBack")) == 1
    assert len(world.of("Deployment")) == 1
    assert [s["metadata"]["name"] for s in world.of("Service")] == ["flights"]
    assert world.condition("Progressing")["reason"] == "RolledBack"
    assert "retry" in world.condition("Progressing")["message"]
    assert world.condition("Ready")["status"] == "True"


def test_a_rejected_model_is_tried_again_when_somebody_asks_and_judged_by_new_counts():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    first = measure.routing_id(world.canary)
    world.call(500, errors=250)
    world.settle()
    world.wait(5)
    world.retry("mended the feature store")
    world.settle()
    assert world.rolling_out == "two"
    assert measure.routing_id(world.canary) != first
    world.wait(60)
    world.roll_out()
    assert world.serving == "two"


def fails(world):
    """Let what is rolled out fail, until nothing is."""
    for _ in range(30):
        if world.canary is None:
            return
        world.call(500, errors=500)
        world.wait(1)
        world.settle()
    raise AssertionError("one bad model after the other is tried, for ever")


def test_more_bad_models_than_are_remembered_are_not_tried_in_turns():
    world = served(run("good"))
    for number in range(12):
        world.add(run(f"bad-{number}", revision=2, minute=60 + 2 * number))
        world.settle()
        fails(world)
        world.wait(120)
    assert world.serving == "good"
    assert len(world.told("RolledBack")) == 12
    world.add(run("next", revision=2, minute=100))
    world.settle()
    assert world.rolling_out == "next", "a new model is tried all the same"


def test_a_model_is_tried_in_as_many_servers_as_somebody_asks_for():
    world = served(run("one"))
    for number in range(12):
        world.edit(server={"image": f"mine:{number}"})
        world.settle()
        assert world.canary
        assert world.canary.image == f"mine:{number}"
        fails(world)


def test_a_rejected_model_that_fails_again_after_a_retry_stays_rejected():
    world = served(run("one"), run("two", revision=2))
    for word in ("", "again"):
        if word:
            world.retry(word)
        world.wait(5)
        world.settle()
        world.call(500, errors=250)
        world.settle()
    assert (world.serving, world.rolling_out) == ("one", "")
    assert len(world.deployment.status.rejected) == 2


def test_the_next_model_after_a_rejected_one_gets_its_chance():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.call(500, errors=250)
    world.settle()
    world.add(run("three", revision=3))
    world.roll_out()
    assert world.serving == "three"


def test_a_new_operator_image_touches_no_pod():
    world = served(run("one"))
    before = world.of("Deployment")
    world.settings = type(world.settings)(
        trainer_image="registry/trainer:2",
        server_image="registry/server:2",
        store_url="s3://other/{namespace}",
        store_environment={"AWS_REGION": "elsewhere"},
        image_pull_policy="Always",
        namespaces=world.settings.namespaces,
    )
    writes = world.writes
    world.settle()
    assert world.writes == writes
    assert world.of("Deployment") == before


def test_a_new_operator_image_does_not_retry_a_rejected_model():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.call(500, errors=250)
    world.settle()
    world.settings = type(world.settings)(trainer_image="t:2", server_image="s:2")
    world.settle()
    assert world.rolling_out == ""


def test_the_next_model_takes_up_the_new_operators_image():
    world = served(run("one"))
    world.settings = type(world.settings)(
        trainer_image="t:2", server_image="s:2", namespaces=world.settings.namespaces
    )
    world.add(run("two", revision=2))
    world.settle()
    assert world.canary.image == "s:2"


def test_a_new_server_image_is_rolled_out_like_a_new_model():
    world = served(run("one"))
    world.edit(server={"image": "mine:1"})
    world.settle()
    assert (world.serving, world.rolling_out) == ("one", "one")
    world.roll_out()
    assert world.deployment.status.stable.image == "mine:1"
    assert len(world.of("Deployment")) == 1


def test_more_memory_after_a_rollback_is_a_new_try():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.call(500, errors=250)
    world.settle()
    world.edit(server={"resources": {"memory": "2Gi"}})
    world.settle()
    assert world.rolling_out == "two"


def test_a_deployment_serves_on_when_its_run_is_deleted():
    world = served(run("one"))
    before, writes = world.of("Deployment"), world.writes
    world.delete_runs()
    world.settle()
    assert world.of("Deployment") == before
    assert world.writes == writes, "nothing at all has to be said about it"
    assert world.condition("Ready")["reason"] == "Serving"


def test_a_deployment_without_its_run_still_takes_a_new_server_image():
    world = served(run("one"))
    world.delete_runs()
    world.edit(server={"image": "mine:1"})
    world.roll_out()
    assert world.deployment.status.stable.image == "mine:1"


def test_a_canary_whose_run_is_deleted_goes_on():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.delete_runs("two")
    world.settle()
    assert world.rolling_out == "two"


@pytest.mark.parametrize(
    ("older", "fear"),
    [
        (run("old", revision=1, minute=9), "an older data revision that finished later"),
        (run("old", revision=2, minute=1), "the same data revision that finished earlier"),
    ],
)
@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_selector_never_goes_back(older, fear, is_deleted):
    world = served(run("new", revision=2, minute=5))
    world.add(older)
    if is_deleted:
        world.delete_runs("new")
    world.settle()
    assert (world.serving, world.rolling_out) == ("new", ""), fear


def test_a_run_made_again_under_its_name_brings_no_older_model_back():
    world = served(run("old", revision=1), run("new", revision=2, minute=5))
    world.roll_out()
    world.add(run("new", revision=2, verdict=None))
    world.settle()
    assert (world.serving, world.rolling_out) == ("new", "")


def test_a_model_of_a_run_made_again_under_its_name_is_rolled_out():
    world = served(run("one"))
    world.wait(3600)
    world.add(run("one", minute=90, model="another"))
    world.settle()
    assert world.rolling_out == "one"


def test_a_canary_whose_run_is_made_again_goes_on():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.add(run("two", revision=2, verdict=None))
    world.settle()
    assert world.rolling_out == "two"


def test_a_selector_that_matches_thousands_of_runs_looks_at_each_a_few_times():
    class Counted(tuple):
        def __iter__(self):
            nonlocal looks
            looks += 1
            return super().__iter__()

    looks = 0
    world = served(*(run(f"r{number}", minute=number) for number in range(50)))
    world.roll_out()
    plan(replace(world.snapshot(), runs=Counted(world.snapshot().runs)))
    assert looks < 10


def test_a_canary_that_has_passed_and_lacks_a_pod_says_what_it_waits_for():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    identity = world.canary.identity
    condition = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes: too little cpu"}
    world.edit(replicas=3)
    world.settle(start_pods=False)
    world.call(5000)
    snapshot = world.snapshot()
    about = {"name": "pod", "labels": {IDENTITY: identity}}
    pod = {"metadata": about, "status": {"conditions": [condition]}}
    seen = replace(snapshot, pods=(pod,), traffic=world.traffic)
    told = plan(seen).status["conditions"]
    message = next(each["message"] for each in told if each["type"] == "Progressing")
    assert "Pass" in message
    assert "when all its pods are ready (1 of 3 are: no node takes the pod: 0/1 nodes" in message
    world.start_pods()
    world.settle()
    assert "all its pods" not in world.condition("Progressing")["message"]


def test_a_canary_beside_pods_that_are_all_down_says_the_way_out_and_takes_it():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.break_pods(world.deployment.status.stable.identity, CRASH)
    world.settle()
    message = world.condition("Progressing")["message"]
    assert "No pod of run one is ready" in message
    assert "set rollout.steps to []" in message
    world.edit(rollout={"steps": []})
    world.roll_out()
    assert world.serving == "two"
    assert world.condition("Ready")["status"] == "True"


def test_a_run_named_by_hand_may_be_older():
    world = served(run("new", revision=2), run("old", revision=1))
    world.edit(model={"runRef": {"name": "old"}})
    world.settle()
    assert world.rolling_out == "old"
    world.roll_out()
    assert world.serving == "old"


def test_naming_what_serves_calls_a_canary_off():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.edit(model={"runRef": {"name": "one"}})
    world.settle()
    assert world.rolling_out == ""
    assert world.deployment.status.rejected == [], "called off is not rejected"
    assert len(world.of("Deployment")) == 1


def test_a_newer_run_takes_the_place_of_a_canary():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.call(5000)
    world.settle()
    world.add(run("three", revision=3))
    world.settle()
    assert (world.rolling_out, world.canary.step) == ("three", 0)
    assert len(world.of("Deployment")) == 2


def test_bars_are_cleared_by_the_bound_and_not_by_the_estimate():
    world = RolloutStory(
        run("one", auc=(0.69, 0.81)), accept={"gates": [{"metric": "auc", "min": 0.7}]}
    )
    world.settle()
    ready = world.condition("Ready")
    assert (ready["status"], ready["reason"]) == ("False", "NotAccepted")
    assert "auc" in ready["message"]
    assert "0.7" in ready["message"]
    assert world.of("Deployment") == []


def test_a_metric_that_the_run_does_not_have_is_not_accepted():
    world = RolloutStory(run("one"), accept={"gates": [{"metric": "f1", "min": 0.1}]})
    world.settle()
    assert "no metric f1 (it has: auc)" in world.condition("Ready")["message"]


def test_tighter_bars_do_not_take_down_what_serves():
    world = served(run("one"))
    world.edit(accept={"gates": [{"metric": "auc", "min": 0.99}]})
    world.settle()
    assert world.serving == "one"
    assert world.condition("Ready")["status"] == "True"
    assert world.condition("Progressing")["reason"] == "NotAccepted"


@pytest.mark.parametrize("verdict", ["Failed", "Inconclusive", None])
def test_a_run_that_did_not_pass_is_not_served(verdict):
    world = served(run("one"), run("two", revision=2, verdict=verdict))
    world.settle()
    assert (world.serving, world.rolling_out) == ("one", "")


@pytest.mark.parametrize(
    ("status", "reason"),
    [(CRASH, "CrashLoopBackOff"), (NO_IMAGE, "ImagePullBackOff")],
)
def test_a_canary_that_does_not_start_is_rolled_back_with_the_pods_reason(status, reason):
    world = served(run("one"), run("two", revision=2))
    world.once()
    world.break_pods(world.canary.identity, status)
    world.settle()
    assert world.rolling_out == "two", "it has its time"
    assert world.condition("Progressing")["reason"] == reason
    world.wait(601)
    world.settle()
    assert world.rolling_out == ""
    assert world.deployment.status.rejected[0].reason == reason


def test_a_canary_whose_pods_never_come_says_so_by_the_deadline():
    world = served(run("one"), run("two", revision=2))
    world.once()
    world.break_pods(world.canary.identity)
    world.settle()
    world.wait(601)
    world.settle()
    assert world.deployment.status.rejected[0].reason == "ProgressDeadlineExceeded"


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("reason", ["connection refused", "", None, 7])
def test_a_server_of_somebodys_own_that_logs_json_gives_no_status_that_the_cluster_refuses(
    reason, first
):
    said = json.dumps({"level": "error", "reason": reason})
    crash = {**CRASH, "lastState": {"terminated": {"exitCode": 1, "message": said}}}
    world = RolloutStory(run("one")) if first else served(run("one"), run("two", revision=2))
    world.once()
    world.break_pods(world.canary.identity, crash)
    world.settle()
    reasons = {each["reason"] for each in world.status["conditions"]}
    assert "CrashLoopBackOff" in reasons
    assert all(re.fullmatch(r"[A-Za-z]+", each) for each in reasons)


def test_a_damaged_model_is_rolled_back_at_once():
    world = served(run("one"), run("two", revision=2))
    world.once()
    world.break_pods(world.canary.identity, DAMAGED)
    world.settle()
    rejected = world.deployment.status.rejected[0]
    assert rejected.reason == "ModelDamaged"
    assert "sha256:ab" in rejected.message


def test_a_canary_that_crashes_under_traffic_is_rolled_back():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.break_pods(world.canary.identity, CRASH)
    world.start_pods()
    world.settle()
    assert world.deployment.status.rejected[0].reason == "CrashLoopBackOff"
    assert "KeyError" in world.deployment.status.rejected[0].message


def test_a_broken_first_model_stalls_and_serves_as_soon_as_it_is_mended():
    world = RolloutStory(run("one"))
    world.once()
    identity = world.canary.identity
    world.break_pods(identity, DAMAGED)
    world.settle()
    assert world.condition("Stalled")["reason"] == "ModelDamaged"
    world.mend_pods()
    world.settle()
    assert world.serving == "one"
    assert world.condition("Stalled")["status"] == "absent"


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


def test_what_served_before_stays_until_its_clients_have_moved():
    world = served(run("one"), run("two", revision=2))
    old = world.answered_by
    world.settle()
    while world.canary:
        world.call(5000)
        world.once()
    assert world.answered_by == old, "decided, not yet carried out"
    world.wait(3600)
    world.once()
    assert world.answered_by != old
    assert len(world.of("Deployment")) == 2, "late or not, the old pods stay for a while"
    world.settle()
    assert len(world.of("Service")) == 2, "old pods forward to the new ones"
    world.wait(16)
    world.settle()
    assert len(world.of("Deployment")) == 1
    assert len(world.of("Service")) == 1


def test_nothing_new_begins_while_old_pods_drain():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    while world.canary:
        world.call(5000)
        world.once()
    world.add(run("three", revision=3))
    world.settle()
    assert world.rolling_out == ""
    world.wait(16)
    world.settle()
    world.wait(1)
    world.settle()
    assert world.rolling_out == "three"


def test_suspend_holds_new_rollouts_and_keeps_serving():
    world = served(run("one"), run("two", revision=2), suspend=False)
    world.edit(suspend=True)
    world.settle()
    assert (world.serving, world.rolling_out) == ("one", "")
    assert world.condition("Ready")["status"] == "True"


def test_suspend_holds_a_canary_where_it_is():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.edit(suspend=True)
    world.call(5000)
    world.wait(60)
    world.settle()
    assert (world.canary.step, world.canary.weight) == (0, 10)
    assert world.condition("Progressing")["reason"] == "Suspended"
    assert world.condition("Reconciling")["status"] == "absent"
    world.edit(suspend=False)
    world.settle()
    assert world.canary.step == 1


def test_a_suspended_deployment_still_rolls_a_failing_canary_back():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.edit(suspend=True)
    world.call(500, errors=250)
    world.settle()
    assert world.rolling_out == ""


def test_a_suspended_deployment_without_a_model_starts_nothing():
    world = RolloutStory(run("one"), suspend=True)
    world.settle()
    assert world.of("Deployment") == []
    assert world.condition("Ready")["reason"] == "Suspended"
    assert world.condition("Reconciling")["status"] == "absent"


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


def test_without_steps_a_ready_model_takes_over():
    world = served(run("one"), run("two", revision=2), rollout={"steps": []})
    world.settle()
    assert world.serving == "two"


def test_a_step_that_is_edited_applies_at_once():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.edit(rollout={"steps": [{"weight": 25}]})
    world.settle()
    assert world.canary.weight == 25


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

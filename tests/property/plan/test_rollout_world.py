"""Whatever happens to a ModelDeployment, in any order: clients are answered, plans converge."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plumbline.api.v1alpha1.model_deployment import ModelDeploymentStatus

from tests.unit.plan.rollout_story import IDENTITY, RolloutStory, run

CRASH = {"name": "server", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
DAMAGED = {
    "name": "fetch",
    "state": {
        "terminated": {"exitCode": 64, "message": '{"reason": "ModelDamaged", "retry": false}'}
    },
}
SPECS: list[dict[str, Any]] = [
    {"replicas": 0},
    {"replicas": 3},
    {"suspend": True},
    {"suspend": False},
    {"server": {"image": "mine:1"}},
    {"server": {}},
    {"server": {"resources": {"memory": "2Gi"}}},
    {"rollout": {"steps": []}},
    {"rollout": {"steps": [{"weight": 5}, {"weight": 20, "pauseSeconds": 30}, {"weight": 100}]}},
    {"accept": {"gates": [{"metric": "auc", "min": 0.75}]}},
    {"accept": {"gates": []}},
    {"model": {"runRef": {"name": "r1"}}},
    {"model": {"runRef": {"name": "missing"}}},
    {"model": {"selector": {"matchLabels": {"team": "flights"}}}},
]
runs = st.builds(
    lambda number, revision, minute, verdict, low: run(
        f"r{number}", revision=revision, minute=minute, verdict=verdict, auc=(low, low + 0.1)
    ),
    number=st.integers(1, 4),
    revision=st.integers(1, 3),
    minute=st.integers(0, 50),
    verdict=st.sampled_from(["Passed", "Passed", "Failed", None]),
    low=st.sampled_from([0.7, 0.8]),
)
steps = st.one_of(
    st.tuples(st.just("run"), runs),
    st.tuples(st.just("delete run"), st.integers(1, 4)),
    st.tuples(st.just("edit"), st.sampled_from(SPECS)),
    st.tuples(st.just("call"), st.sampled_from([0, 10, 150, 5000])),
    st.tuples(st.just("fail"), st.sampled_from([10, 500])),
    st.tuples(st.just("wait"), st.sampled_from([1, 16, 700])),
    st.tuples(st.just("break"), st.sampled_from([[CRASH], [DAMAGED], []])),
    st.tuples(st.just("mend"), st.none()),
    st.tuples(st.just("retry"), st.sampled_from("xy")),
    st.tuples(st.just("lose"), st.integers(0, 3)),
    st.tuples(st.just("forget counts"), st.none()),
    st.tuples(st.just("crash"), st.integers(0, 4)),
    st.tuples(st.just("once"), st.none()),
    st.tuples(st.just("settle"), st.none()),
)


def take(world: RolloutStory, step: tuple[str, Any]) -> None:
    """Let one thing happen."""
    match step:
        case "run", made:
            if made["metadata"]["name"] not in world.world.names("TrainingRun"):
                world.add(made)
        case "delete run", number:
            world.delete_runs(f"r{number}")
        case "edit", spec:
            world.edit(**spec)
        case ("call" | "fail") as what, requests if world.canary and world.canary.weight:
            world.call(requests, errors=requests if what == "fail" else 0)
        case "wait", seconds:
            world.wait(seconds)
        case "break", statuses if world.canary:
            world.break_pods(world.canary.identity, *statuses)
        case "mend", _:
            world.mend_pods()
        case "retry", word:
            world.retry(word)
        case "lose", number if world.of("Deployment")[number:]:
            lost = world.of("Deployment")[number]["metadata"]["name"]
            world.delete("Deployment", lost)
        case "forget counts", _:
            world.traffic = type(world.traffic)()
        case "crash", writes:
            world.once(crash_after=writes)
        case "once", _:
            world.once()
        case "settle", _:
            world.settle()


def check(world: RolloutStory) -> None:
    """What must hold at any moment."""
    status = world.deployment.status
    ModelDeploymentStatus.model_validate(world.status)
    standing = {
        r.identity
        for r in status.rejected
        if r.retry == world.deployment.metadata.annotations.get("plumbline.dev/retry", "")
    }
    assert not (status.canary and status.canary.identity in standing), "a rejected canary"
    assert not (status.canary and status.retiring), "two moves at a time"
    assert len(world.of("Deployment")) <= 4
    if status.canary and status.stable and status.canary.weight:
        steps = world.deployment.spec.rollout.steps
        assert status.canary.weight <= 100
        assert status.canary.step >= 0
        assert not steps or status.canary.step < 20


@settings(suppress_health_check=list(HealthCheck))
@given(first=st.booleans(), happened=st.lists(steps, max_size=25))
def test_whatever_happens_the_plan_comes_to_rest(first, happened):
    world = RolloutStory(*([run("r1")] if first else []))
    for step in happened:
        take(world, step)
        check(world)
    world.wait(1000)
    world.settle()
    world.wait(1000)
    world.settle()
    quiet = world.writes
    world.settle()
    assert world.writes == quiet
    check(world)
    status = world.deployment.status
    if status.stable:
        assert world.answered_by == status.stable.identity
    kept = {each.identity for each in (status.stable, status.canary) if each}
    assert {c["metadata"]["labels"][IDENTITY] for c in world.of("Deployment")} == kept


@settings(suppress_health_check=list(HealthCheck))
@given(happened=st.lists(steps, max_size=25))
def test_clients_are_never_sent_to_pods_that_are_not_there(happened):
    world = RolloutStory(run("r1"))
    world.roll_out()
    for step in happened:
        if step[0] in ("lose", "crash"):
            continue
        take(world, step)
        alive = {c["metadata"]["labels"][IDENTITY] for c in world.of("Deployment")}
        assert world.answered_by in alive


@settings(suppress_health_check=list(HealthCheck))
@given(happened=st.lists(steps, max_size=25))
def test_no_model_takes_over_without_having_been_measured(happened):
    world = RolloutStory(run("r1"))
    world.roll_out()
    first = world.deployment.status.stable
    assert first
    for step in happened:
        if step[0] == "call" or step == ("edit", {"rollout": {"steps": []}}):
            continue
        take(world, step)
    world.settle()
    now = world.deployment.status.stable
    assert now
    assert now.identity == first.identity

"""Whatever happens around a TrainingRun: its plan comes to rest and stays there."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.sim.loop import results
from tests.sim.loop.world import World
from tests.unit.plan import builders
from tests.unit.plan.restricted import violations
from tests.unit.plan.stories import with_data

CHAMPION = {"deploymentRef": {"name": "flights"}, "metric": "auc", "margin": 0.01}
CONTAINER = {"image": "team/train:1", "command": ["train"], "env": [{"name": "A", "value": "1"}]}
TOLERATION = {"key": "gpu", "operator": "Exists"}

pod_templates = st.fixed_dictionaries(
    {},
    optional={
        "serviceAccountName": st.just("trainer"),
        "imagePullSecrets": st.just([{"name": "registry"}]),
        "env": st.sampled_from([[], [{"name": "A", "value": "2"}, {"name": "HOME", "value": "/"}]]),
        "nodeSelector": st.just({"pool": "gpu"}),
        "tolerations": st.just([TOLERATION]),
        "priorityClassName": st.just("low"),
        "runtimeClassName": st.just("gvisor"),
    },
)
specs = st.fixed_dictionaries(
    {},
    optional={
        "trainer": st.just({"container": CONTAINER}),
        "features": st.sampled_from([[], ["temp"], ["temp", "wind"], ["late"]]),
        "seed": st.integers(0, 2**31 - 1),
        "gates": st.sampled_from([{"champion": CHAMPION}, {"metrics": []}]),
        "resources": st.just({"cpu": "2", "memory": "4Gi", "ephemeralStorage": "10Gi"}),
        "podTemplate": pod_templates,
        "backoffLimit": st.integers(0, 10),
        "activeDeadlineSeconds": st.integers(1, 10**6),
        "ttlSecondsAfterFinished": st.integers(0, 1000),
        "datasetRef": st.sampled_from([{"name": "flights", "revision": 1}, {"name": "none"}]),
        "suspend": st.booleans(),
    },
)
labels = st.sampled_from([{}, {"kueue.x-k8s.io/queue-name": "gpus"}])
words = st.sampled_from(
    ["good", "Failed", "Inconclusive", "broken", "foreign", "stuck", "root", "lost"]
)
steps = st.one_of(
    st.tuples(st.just("ends"), words),
    st.tuples(st.just("ends"), st.just("good")),
    st.tuples(st.just("promote"), st.sampled_from([None, "a", "b"])),
    st.tuples(st.just("suspend"), st.booleans()),
    st.tuples(st.just("template"), st.integers(0, 9)),
    st.tuples(st.just("delete"), st.sampled_from(["Job", "ConfigMap", "Dataset"])),
    st.tuples(st.just("admit"), st.none()),
    st.tuples(st.just("advance"), st.sampled_from([1, 2000])),
    st.tuples(st.just("restart"), st.none()),
)


def outcome_of(live: Any, word: str, uid: str) -> Any:
    if word in ("stuck", "root"):
        reason = {"stuck": "ImagePullBackOff", "root": "RunAsRoot"}[word]
        return builders.active(reason, "Container train: cannot start")
    if word in ("broken", "lost"):
        return builders.failed({"broken": "OOMKilled", "lost": "ResultMissing"}[word])
    owner = "somebody-else" if word == "foreign" else uid
    if "-train" in live["metadata"]["name"]:
        return builders.trained(owner)
    verdict = word if word in ("Failed", "Inconclusive") else "Passed"
    return builders.judged(owner, verdict, case=builders.case_of(live))


def mine(world: World, kind: str) -> list[str]:
    return [name for name in world.names(kind) if name.startswith("first-")]


def take(world: World, step: tuple[str, Any]) -> None:
    """Let one thing happen."""
    word, value = step
    match word:
        case "ends":
            uid = world.get("TrainingRun", "first")["metadata"]["uid"]
            for job in results.active(world):
                if job["metadata"]["name"] in mine(world, "Job"):
                    results.finish(world, job, outcome_of(job, value, uid))
        case "promote":
            status = builders.deployment(stable=value).get("status", {})
            world.set_status("ModelDeployment", "flights", status)
        case "suspend":
            world.edit("TrainingRun", "first", suspend=value)
        case "template":
            world.edit("TrainingTemplate", "flights", backoffLimit=value)
        case "delete":
            names = mine(world, value) if value != "Dataset" else world.names("Dataset")
            for name in names[:1]:
                world.delete(value, name)
        case "admit":
            for job in mine(world, "Job"):
                world.edit("Job", job, suspend=False)
        case "advance":
            world.advance(value)
        case "restart":
            world.restart()
    world.settle()


def begin(spec: Any, label: dict[str, str]) -> World:
    world = with_data()
    world.add(builders.deployment(stable="a"))
    world.add(builders.run(metadata={"labels": label}, **spec))
    return world


@given(spec=specs, label=labels, story=st.lists(steps, max_size=14))
def test_a_run_comes_to_rest_after_anything(spec: Any, label: Any, story: list[Any]) -> None:
    world = begin(spec, label)
    world.settle()
    for step in story:
        before = world.get("TrainingRun", "first")["status"]
        take(world, step)
        holds(world, before)
        pods = [job["spec"]["template"]["spec"] for job in world.all("Job")]
        assert [violations(pod) for pod in pods if violations(pod)] == []


def holds(world: World, before: dict[str, Any]) -> None:
    """Check what is always true of a run at rest."""
    obj = world.get("TrainingRun", "first")
    status, conditions = obj["status"], {c["type"]: c for c in obj["status"]["conditions"]}
    assert {"Ready"} <= set(conditions) <= {"Ready", "Reconciling", "Stalled"}
    assert not {"Reconciling", "Stalled"} <= set(conditions)
    assert status["observedGeneration"] == obj["metadata"]["generation"]
    assert (conditions["Ready"]["status"] == "True") == (status.get("verdict") == "Passed")
    for pinned in ("specDigest", "dataset", "training", "startTime", "completionTime", "verdict"):
        assert pinned not in before or status[pinned] == before[pinned], pinned
    for job in mine(world, "Job"):
        assert len(job) <= 63


@given(spec=specs, label=labels, story=st.lists(steps, max_size=8))
def test_an_operator_that_starts_again_goes_on_in_the_same_way(
    spec: Any, label: Any, story: list[Any]
) -> None:
    one, often = begin(spec, label), begin(spec, label)
    for step in story:
        take(one, step)
        often.restart()
        take(often, step)
    assert one.get("TrainingRun", "first")["status"] == often.get("TrainingRun", "first")["status"]

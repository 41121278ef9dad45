"""Whatever happens to a Dataset, in whatever order: its plan comes to rest and stays there."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.sim.loop import results
from tests.sim.loop.world import World
from tests.unit.plan import builders
from tests.unit.plan.restricted import violations
from tests.unit.plan.stories import DatasetStory

SOURCES = [
    {"uri": "s3://raw/*.csv"},
    {"uri": "https://example.com/rows.csv"},
    {"uri": "s3://raw/**/*.parquet", "secretRef": {"name": "raw-keys"}},
    {"configMap": {"name": "rows", "key": "rows.csv"}},
]
REASONS = ["SourceUnreachable", "SourceNotFound", "OOMKilled", "StoreUnreachable", "x!"]
TROUBLES = ["", "ImagePullBackOff", "ErrImagePull", "Unschedulable"]

specs = st.fixed_dictionaries(
    {},
    optional={
        "source": st.sampled_from(SOURCES),
        "format": st.sampled_from(["csv", "parquet"]),
        "expectations": st.fixed_dictionaries({"minRows": st.integers(1, 3)}),
        "question": st.sampled_from([None, {"task": "Regression", "target": "temp"}]),
        "suspend": st.booleans(),
    },
)
outcomes = st.one_of(
    st.tuples(st.just("good"), st.sampled_from("abc")),
    st.tuples(st.just("broken"), st.just("")),
    st.tuples(st.just("failed"), st.sampled_from(REASONS)),
    st.tuples(st.just("active"), st.sampled_from(TROUBLES)),
)
steps = st.one_of(
    st.tuples(st.just("ends"), outcomes),
    st.tuples(st.just("edit"), specs),
    st.tuples(st.just("refresh"), st.sampled_from("xyz")),
    st.tuples(st.just("requests"), st.lists(st.sampled_from("mnopqrstuvwz"), unique=True)),
    st.tuples(st.just("advance"), st.sampled_from([1, 10, 100, 10_000])),
    st.tuples(st.just("delete"), st.booleans()),
    st.tuples(st.just("restart"), st.none()),
    st.tuples(st.just("credentials"), st.booleans()),
)


def outcome_of(kind: str, word: str, uid: str) -> Any:
    made = {
        "good": lambda: builders.profiled(uid, word),
        "broken": lambda: builders.broken(uid),
        "failed": lambda: builders.failed(word),
        "active": lambda: builders.active(word, word and "Container profile: see there"),
    }
    return made[kind]()


def take(story: DatasetStory, step: tuple[str, Any]) -> None:
    """Let one thing happen."""
    word, value = step
    world = story.world
    jobs = world.names("Job")
    match word:
        case "ends":
            for job in results.active(world):
                results.finish(world, job, outcome_of(*value, story.uid))
        case "edit":
            world.edit("Dataset", "flights", **value)
        case "refresh":
            story.refresh(value)
        case "requests":
            story.asks(*sorted(value))
        case "advance":
            world.advance(value)
        case "delete" if jobs:
            world.delete("Job" if value else "ConfigMap", jobs[-1])
        case "restart":
            world.restart()
        case "credentials":
            named = frozenset({builders.NAMESPACE}) if value else frozenset[str]()
            world.settings = builders.settings(namespaces=named)
    world.settle()


@given(spec=specs, happened=st.lists(steps, max_size=14))
def test_a_dataset_comes_to_rest_after_anything(spec: Any, happened: list[Any]) -> None:
    story = DatasetStory(**spec)
    for step in happened:
        take(story, step)
        holds(story.world)
        pods = [job["spec"]["template"]["spec"] for job in story.world.all("Job")]
        assert [violations(pod) for pod in pods if violations(pod)] == []


def holds(world: World) -> None:
    """Check what is always true of a Dataset at rest."""
    obj = world.get("Dataset", "flights")
    status, conditions = obj["status"], {c["type"]: c for c in obj["status"]["conditions"]}
    assert {"Ready", "Valid"} <= set(conditions) <= {"Ready", "Valid", "Reconciling", "Stalled"}
    assert not {"Reconciling", "Stalled"} <= set(conditions)
    assert status["observedGeneration"] == obj["metadata"]["generation"]
    blocked = conditions["Ready"]["reason"] in ("Suspended", "StoreCredentialsMissing")
    assert blocked or (conditions["Ready"]["status"] == "True") == ("revision" in status)
    assert len(world.names("Job")) <= 1 or blocked
    assert len(status.get("history", ())) <= 20
    assert len(status.get("refreshes", ())) <= 10
    numbers = [each["revision"] for each in status.get("history", ())]
    assert numbers == sorted(set(numbers), reverse=True)


@given(spec=specs, happened=st.lists(steps, max_size=8))
def test_an_operator_that_starts_again_goes_on_in_the_same_way(
    spec: Any, happened: list[Any]
) -> None:
    one, often = DatasetStory(**spec), DatasetStory(**spec)
    for step in happened:
        take(one, step)
        often.world.restart()
        take(often, step)
    assert one.status == often.status

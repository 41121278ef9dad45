"""The world itself: what can be in no cluster is refused, and so is what must never be written."""

from typing import Any

import pytest
from plumbline.api import names
from plumbline.api.objects import Key
from plumbline.api.resources import DEPLOYMENT, JOB
from plumbline.api.v1alpha1.drift_monitor import DRIFT_MONITOR
from plumbline.api.v1alpha1.model_deployment import MODEL_DEPLOYMENT
from plumbline.api.v1alpha1.training_run import TRAINING_RUN

from tests.sim.loop.api import Write
from tests.sim.loop.consistency import Impossible
from tests.sim.loop.safety import Unsafe
from tests.sim.loop.stories import tell
from tests.sim.loop.world import World
from tests.unit.plan import builders

Object = dict[str, Any]
PEOPLE = ("Dataset", "TrainingTemplate", "TrainingRun", "ModelDeployment", "DriftMonitor")


def idle() -> World:
    """Return a world in which nobody acts, so that anything can be put into it."""
    return World(idle=PEOPLE)


def served(model: str, **status: Any) -> Object:
    made = builders.deployment(stable=model)
    return {**made, "status": {**made["status"], **status}}


def dataset(**status: Any) -> Object:
    return {**builders.dataset(), "status": status}


def judged(**status: Any) -> Object:
    return {**builders.run(), "status": status}


CANARY = {**served("b")["status"]["stable"], "identity": "def", "weight": 10}
ENDED = "2026-03-01T12:00:00Z"
MODEL = {"digest": builders.digest("m"), "manifest": builders.digest("nowhere")}


@pytest.mark.parametrize(
    ("obj", "why"),
    [
        (dataset(observedGeneration=7), "is of generation 7"),
        (dataset(revision=2, history=[]), None),
        (dataset(revision=2, history=[{"revision": 3, "digest": "", "manifest": ""}]), "history"),
        (judged(verdict="Passed", model=MODEL), "has not ended"),
        (judged(verdict="Passed", model=MODEL, completionTime=ENDED), "no manifest in the store"),
        (served("a", stable=None, canary=CANARY), "nothing else answers"),
        (served("a", canary={**CANARY, "identity": "abc"}), "is what serves"),
        (served("a", canary=CANARY, retiring=[CANARY]), "drain"),
        (served("a", canary=CANARY, rejected=[CANARY]), "rejected"),
    ],
)
def test_a_status_that_can_be_in_no_cluster_is_refused(obj: Object, why: str | None) -> None:
    world = idle()
    world.add(obj)
    if why is None:
        world.settle()
        return
    with pytest.raises(Impossible, match=why):
        world.settle()


def test_a_pod_of_a_job_that_does_not_exist_is_refused() -> None:
    world = idle()
    world.cluster.collects = False
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "u", "controller": True}
    about = {"name": "p", "namespace": builders.NAMESPACE, "ownerReferences": [owner]}
    world.add({"apiVersion": "v1", "kind": "Pod", "metadata": about})
    with pytest.raises(Impossible, match="does not exist"):
        world.settle()


def test_a_child_of_two_controllers_is_refused() -> None:
    world = idle()
    owner = {"apiVersion": "v1", "kind": "Dataset", "name": "d", "uid": "u", "controller": True}
    about = {"name": "c", "namespace": builders.NAMESPACE, "ownerReferences": [owner, owner]}
    world.cluster.collects = False
    world.add({"apiVersion": "v1", "kind": "ConfigMap", "metadata": about})
    with pytest.raises(Impossible, match="two controllers"):
        world.settle()


def test_a_revision_that_goes_down_is_refused() -> None:
    world = idle()
    world.add(dataset(revision=2))
    world.settle()
    world.set_status("Dataset", "flights", {"revision": 1})
    with pytest.raises(Impossible, match="revision 2 has become 1"):
        world.settle()


def test_other_rows_under_a_known_revision_are_refused() -> None:
    world = idle()
    line = {"revision": 1, "manifest": builders.digest("m"), "rules": "r", "rows": 1}
    world.add(dataset(revision=1, history=[{**line, "digest": builders.digest("a")}]))
    world.settle()
    other = [{**line, "digest": builders.digest("b")}]
    world.set_status("Dataset", "flights", {"revision": 1, "history": other})
    with pytest.raises(Impossible, match="has other rows than before"):
        world.settle()


def test_an_episode_that_names_the_run_of_another_is_refused() -> None:
    world = idle()
    labels = {names.EPISODE_LABEL: "watch-2"}
    world.add(builders.run("watch-1", metadata={"labels": labels}))
    monitor = builders.manifest("DriftMonitor", "watch", {"deploymentRef": {"name": "flights"}})
    episode = {"id": "watch-1", "since": ENDED, "run": "watch-1", "model": builders.digest("a")}
    world.add({**monitor, "status": {"episode": episode}})
    with pytest.raises(Impossible, match="names a run of watch-2"):
        world.settle()


# What follows is written into a world in which a model serves and a retraining is under way.


def retraining() -> World:
    story = tell([])
    for word in ("drift", "jobs_end"):
        story.happens(word)
    return story.world


def write(world: World, verb: str, key: Key, **body: Any) -> Write:
    live = world.store.objects.get(key)
    return Write(verb, key, {**(live or {}), **body}, live)


def test_a_second_run_of_an_episode_is_refused() -> None:
    world = retraining()
    about = {**world.get("TrainingRun", "watch-1")["metadata"], "name": "again"}
    with pytest.raises(Unsafe, match="second run of episode watch-1"):
        world.safety.check(
            Write("create", world.key(TRAINING_RUN.kind, "again"), {"metadata": about}, None)
        )


def test_a_run_of_a_suspended_monitor_is_refused() -> None:
    world = retraining()
    world.edit(DRIFT_MONITOR.kind, "watch", suspend=True)
    world.settle()
    about = world.get("TrainingRun", "watch-1")["metadata"]
    labels = {**about["labels"], names.EPISODE_LABEL: "watch-2"}
    body = {"metadata": {**about, "name": "watch-2", "labels": labels}}
    with pytest.raises(Unsafe, match="is suspended"):
        world.safety.check(Write("create", world.key(TRAINING_RUN.kind, "watch-2"), body, None))


def test_a_run_on_broken_data_is_refused() -> None:
    story = tell([])
    story.happens("broken")
    about = {"name": "watch-1", "namespace": builders.NAMESPACE}
    about["labels"] = {names.MONITOR_LABEL: "watch", names.EPISODE_LABEL: "watch-1"}
    key = story.world.key(TRAINING_RUN.kind, "watch-1")
    with pytest.raises(Unsafe, match="sees broken data"):
        story.world.safety.check(Write("create", key, {"metadata": about}, None))


def test_a_job_of_a_run_that_is_trained_is_refused() -> None:
    world = tell([("run", 0)]).world
    job = world.get("Job", "r2-train")
    training = world.archive.put({"kind": "Training"})
    status = {**world.get("TrainingRun", "r2")["status"], "training": training}
    world.idle.add(TRAINING_RUN)
    world.set_status("TrainingRun", "r2", status)
    world.settle()
    with pytest.raises(Unsafe, match="is trained and gets"):
        world.safety.check(Write("create", world.key(JOB.kind, "r2-train-2"), job, None))


def test_the_deletion_of_what_serves_is_refused() -> None:
    world = retraining()
    (name,) = world.names(DEPLOYMENT.kind)
    key = world.key(DEPLOYMENT.kind, name)
    with pytest.raises(Unsafe, match="the status names it"):
        world.safety.check(write(world, "delete", key))
    world.idle.add(MODEL_DEPLOYMENT)
    world.set_status(MODEL_DEPLOYMENT.kind, "flights", {})
    world.settle()
    with pytest.raises(Unsafe, match="clients are sent to it"):
        world.safety.check(write(world, "delete", key))


def test_a_model_without_pods_that_takes_over_is_refused() -> None:
    world = retraining()
    key = world.key(MODEL_DEPLOYMENT.kind, "flights")
    status = world.store.get(key)["status"]
    other = {**status, "stable": {**status["stable"], "identity": "nobody"}}
    with pytest.raises(Unsafe, match="nobody takes over flights with 0 pods"):
        world.safety.check(write(world, "status of", key, status=other))


def test_a_move_of_a_suspended_rollout_is_refused() -> None:
    world = retraining()
    world.edit(MODEL_DEPLOYMENT.kind, "flights", suspend=True)
    world.settle()
    key = world.key(MODEL_DEPLOYMENT.kind, "flights")
    status = {**world.store.get(key)["status"], "canary": CANARY}
    with pytest.raises(Unsafe, match="is suspended and moves on"):
        world.safety.check(write(world, "status of", key, status=status))

"""Training that cannot succeed ends with its reason; what is fixed continues."""

import pytest

from tests.e2e import objects
from tests.e2e.cluster import (
    Object,
    condition,
    is_ready,
    kubectl,
    listed,
    message,
    poll,
    says,
    until,
)
from tests.e2e.conftest import Names

pytestmark = pytest.mark.cluster

HUNGRY = "b = bytearray(1 << 30); b[::4096] = bytes(len(b[::4096]))"
SLOW = "import time; time.sleep(600)"
LINK = "import os; os.symlink('/etc/passwd', '/model/model.skops')"


def stalled(names: Names, run: Object, reason: str) -> str:
    """Apply a run and return what it says when it has stalled."""
    names.apply(run)
    found = until("trainingrun", run["metadata"]["name"], says(reason, type_="Stalled"))
    assert condition(found, "Stalled")["status"] == "True"
    return message(found, reason)


def test_my_estimator_does_not_exist(names: Names, data: str) -> None:
    trainer = {"estimator": {"import": "sklearn.linear_model.LogisticRegresion"}}
    told = stalled(names, objects.training(names.new("typo"), data, trainer), "EstimatorNotFound")
    assert "sklearn.linear_model.LogisticRegresion" in told


def test_my_image_cannot_be_pulled(names: Names, data: str) -> None:
    name, image = names.new("lost"), "127.0.0.1:1/nobody-built-this:1"
    names.apply(objects.training(name, data, objects.container("pass", image=image)))
    told = message(until("trainingrun", name, says("ImagePullBackOff")), "ImagePullBackOff")
    assert image in told
    assert "Check the image's name" in told


def test_my_image_runs_as_root(names: Names, data: str) -> None:
    image = "plumbline.local/python-base:1"
    run = objects.training(names.new("root"), data, objects.container("pass", image=image))
    told = stalled(names, run, "RunAsRoot")
    assert "Container train" in told
    assert "numeric USER" in told


def test_my_training_needs_more_memory_than_it_has(names: Names, data: str) -> None:
    small = {"cpu": "200m", "memory": "128Mi", "ephemeralStorage": "1Gi"}
    trainer = objects.container(HUNGRY)
    run = objects.training(names.new("hungry"), data, trainer, resources=small)
    assert "resources.memory" in stalled(names, run, "OOMKilled")


def test_my_training_never_ends(names: Names, data: str) -> None:
    trainer = objects.container(SLOW)
    run = objects.training(names.new("slow"), data, trainer, activeDeadlineSeconds=15)
    assert "activeDeadlineSeconds" in stalled(names, run, "DeadlineExceeded")


def test_a_trainer_leaves_a_link_to_what_is_not_its_own(names: Names, data: str) -> None:
    run = objects.training(names.new("link"), data, objects.container(LINK))
    told = stalled(names, run, "ModelNotRegular")
    assert "/model/model.skops" in told


def test_the_pod_vanished_the_moment_it_had_finished(names: Names, data: str) -> None:
    name = names.new("gone")
    names.apply(objects.training(name, data, objects.LOGISTIC))

    def finished() -> list[Object]:
        pods = listed("pods", f"job-name={name}-train")
        return [pod for pod in pods if pod["status"]["phase"] == "Succeeded"]

    pods = poll(finished, seconds=120, why=lambda: f"no pod of {name}-train has succeeded")
    kubectl("delete", "pod", pods[0]["metadata"]["name"], "--wait=false")
    found = until("trainingrun", name, is_ready)
    assert condition(found, "Ready")["reason"] == "Complete"

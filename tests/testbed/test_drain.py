"""A node is drained under load, and then the other: a model with two replicas loses no request."""

import os
import subprocess

import pytest

from tests.e2e import cluster, objects
from tests.e2e.cluster import Object, is_ready, kubectl, listed, poll, until
from tests.e2e.conftest import Model, Names
from tests.e2e.load import Load
from tests.testbed.bed import CACHE, ROOT, Bed, Machine
from tests.testbed.conftest import Beds

pytestmark = [pytest.mark.prove, pytest.mark.timeout(1800)]

DRAIN = ("--ignore-daemonsets", "--delete-emptydir-data", "--timeout=120s")


@pytest.fixture
def two_nodes(machine: Machine, beds: Beds, monkeypatch: pytest.MonkeyPatch) -> Bed:
    """Return a cluster of two nodes with the chart; kubectl and the e2e helpers speak to it."""
    bed = beds(machine, nodes=2)
    bed.up()
    monkeypatch.setenv("KUBECONFIG", str(bed.state / "admin.kubeconfig"))
    monkeypatch.setenv("KUBECACHEDIR", str(bed.state / "kubectl"))
    monkeypatch.setenv("PATH", f"{CACHE / 'bin'}:{os.environ['PATH']}")
    about = {"CLUSTER": "testbed", "CLUSTER_NAME": bed.name, "NAMESPACES": cluster.NAMESPACE}
    for step in ("images", "deploy"):
        subprocess.run((ROOT / "hack" / "cluster", step), env={**os.environ, **about}, check=True)
    return bed


@pytest.fixture
def model(two_nodes: Bed) -> Model:
    """Return a model that serves from two nodes."""
    name = "steady"
    chosen = {"runRef": {"name": name}}
    Names().apply(
        objects.config_map(name, objects.csv()),
        objects.dataset(name, objects.in_config_map(name)),
        objects.training(name, name, objects.LOGISTIC),
        objects.made("ModelDeployment", name, {"model": chosen, "replicas": 2}),
    )
    until("modeldeployment", name, is_ready, seconds=240)
    poll(lambda: len(homes(name)) == 2, seconds=120, why=lambda: f"pods on {homes(name)}")
    return Model(data=name, run=name, name=name)


def homes(name: str) -> set[str]:
    """Return the nodes on which ready pods serve a model."""
    return {pod["spec"]["nodeName"] for pod in servers(name)}


def servers(name: str) -> list[Object]:
    """Return the ready pods of a model that are not about to go."""
    pods = listed("pods", f"plumbline.dev/deployment={name}")
    return [pod for pod in pods if is_up(pod) and "deletionTimestamp" not in pod["metadata"]]


def is_up(pod: Object) -> bool:
    """Tell whether a pod is ready."""
    return cluster.condition(pod, "Ready").get("status") == "True"


def test_an_upgrade_of_the_nodes_loses_requests(
    two_nodes: Bed, model: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    assert model.answers()
    with Load(model.url).going() as load:
        for number in (2, 1):
            drained(two_nodes, f"{two_nodes.name}-{number}", model.name)
    with capsys.disabled():
        print(f"\nrequests during two drains: {load.sent}, failed: {len(load.failed)}")
    assert load.sent > 200
    assert not load.failed, load.failed[:3]
    assert is_ready(cluster.get("modeldeployment", model.name))


def drained(bed: Bed, node: str, name: str) -> None:
    """Drain a node, wait until both pods are ready elsewhere, and let the node work again."""
    assert node in homes(name)
    kubectl("drain", node, *DRAIN)
    poll(
        lambda: len(servers(name)) == 2 and node not in homes(name),
        seconds=120,
        why=lambda: f"{name} serves from {homes(name)}",
    )
    kubectl("uncordon", node)

"""The chart is upgraded from the release before, over objects that live: nobody notices."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e import cluster, objects, replicas
from tests.e2e.cluster import Object, is_ready, kubectl, listed, poll, until
from tests.e2e.conftest import Names
from tests.e2e.load import Load
from tests.e2e.story import begun, refreshed, serves, trained, tries
from tests.e2e.test_operator_restart import has_looked_at_all, jobs, page_of_operator, rows, servers
from tests.testbed.bed import CACHE, ROOT, Bed, Machine
from tests.testbed.conftest import Beds

pytestmark = [pytest.mark.prove, pytest.mark.timeout(2400)]

BEFORE = "18d172e"
"""The commit whose chart and images are upgraded."""
LONG_CANARY = 3000
"""Requests of each arm: the canary is still under way when the operator is replaced."""
IMAGES = ("operator", "trainer", "server")


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """Return the repository as it was."""
    folder = tmp_path / "before"
    folder.mkdir()
    archive = subprocess.run(
        ("git", "-C", ROOT, "archive", BEFORE), check=True, capture_output=True
    ).stdout
    subprocess.run(("tar", "-x", "-C", folder), input=archive, check=True)
    return folder


@pytest.fixture
def bed(machine: Machine, beds: Beds, monkeypatch: pytest.MonkeyPatch) -> Bed:
    """Return a cluster; kubectl and the e2e helpers speak to it."""
    bed = beds(machine)
    bed.up()
    monkeypatch.setenv("KUBECONFIG", str(bed.state / "admin.kubeconfig"))
    monkeypatch.setenv("KUBECACHEDIR", str(bed.state / "kubectl"))
    monkeypatch.setenv("PATH", f"{CACHE / 'bin'}:{os.environ['PATH']}")
    return bed


def install_before(bed: Bed, before: Path) -> None:
    """Build the images as they were, and install the chart as it was."""
    testbed = ("python3", ROOT / "hack" / "testbed")
    for image in IMAGES:
        tag = f"plumbline.local/{image}:before"
        inputs = ("pyproject.toml", "README.md", f"requirements/{image}.txt")
        inputs += ("operator/images/finish.py", "operator/src/plumbline/**/*.py")
        words = [word for path in inputs for word in ("--input", path)]
        dockerfile = before / "operator" / "images" / image / "Dockerfile"
        where = ("--dockerfile", dockerfile, "--context", before, "--tag", tag)
        run(*testbed, "build-image", *where, *words)
        run(*testbed, "load", "--name", bed.name, tag)
    for namespace in (cluster.SYSTEM, cluster.NAMESPACE):
        run("kubectl", "create", "namespace", namespace)
        label = "pod-security.kubernetes.io/enforce=restricted"
        run("kubectl", "label", "namespace", namespace, label)
    values = (f"namespaces={{{cluster.NAMESPACE}}}", "image.registry=plumbline.local")
    values += ("image.tag=before", "store.image=plumbline.local/versitygw:1")
    words = [word for value in values for word in ("--set", value)]
    chart = before / "charts" / "plumbline"
    where = ("--namespace", cluster.SYSTEM, "--wait", "--timeout", "5m")
    run("helm", "install", "plumbline", chart, *where, *words)


def upgrade(bed: Bed) -> None:
    """Install what this repository holds over it."""
    about = {"CLUSTER": "testbed", "CLUSTER_NAME": bed.name, "NAMESPACES": cluster.NAMESPACE}
    run(ROOT / "hack" / "cluster", "deploy", **about)


def run(*words: str | Path, **environment: str) -> None:
    subprocess.run(words, env={**os.environ, **environment}, check=True)


def judged(name: str) -> Object:
    """Return what is known of a run and must stay known."""
    status = cluster.get("trainingrun", name)["status"]
    return {field: value for field, value in status.items() if field != "conditions"}


def test_an_upgrade_loses_no_request_and_trains_nothing_again(
    bed: Bed, before: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    about = {"CLUSTER": "testbed", "CLUSTER_NAME": bed.name}
    run(ROOT / "hack" / "cluster", "images", **about)
    install_before(bed, before)
    names, name = Names(), "kept"
    first = begun(names, name, requests=LONG_CANARY)
    names.apply(objects.made("DriftMonitor", name, {"deploymentRef": {"name": name}}))
    until("driftmonitor", name, is_ready)
    with Load(first.url).going() as load:
        refreshed(names, name)
        second = trained(names, name, 2)
        until("modeldeployment", name, lambda d: tries(d, second), seconds=90)
        poll(lambda: rows(name) > 100, seconds=60, why=lambda: "the monitor sees no rows")
        known, pods = jobs(), servers(name)
        verdicts = {run: judged(run) for run in (first.run, second)}
        revision = cluster.get("dataset", name)["status"]["digest"]
        old = replicas.leader()
        upgrade(bed)
        poll(lambda: replicas.leader() not in ("", old), seconds=90, why=replicas.leader)
        poll(has_looked_at_all, seconds=90, why=page_of_operator)
        assert tries(cluster.get("modeldeployment", name), second), "its canary goes on"
        poll(lambda: rows(name) > 100, seconds=60, why=lambda: "the monitor sees no rows")
        until("driftmonitor", name, is_ready)
        assert jobs() == known, "nothing is trained, judged or read again"
        assert servers(name) == pods, "no serving pod is replaced"
        assert {run: judged(run) for run in verdicts} == verdicts
        assert cluster.get("dataset", name)["status"]["digest"] == revision
        until("modeldeployment", name, lambda d: serves(d, second), seconds=240)
        names.apply(objects.config_map(name, objects.csv(seed=3)))
        kubectl("annotate", "dataset", name, "plumbline.dev/refresh=once-more", "--overwrite")
        until("dataset", name, lambda d: d["status"].get("revision") == 3)
        third = trained(names, name, 3)
        until("modeldeployment", name, lambda d: tries(d, third), seconds=90)
    with capsys.disabled():
        print(f"\nchart upgraded: {load.sent} requests, {len(load.failed)} failed")
    assert not load.failed, load.failed[:3]
    images = {
        c["image"]
        for pod in listed("pods", f"plumbline.dev/deployment={name}")
        for c in pod["spec"]["containers"]
    }
    assert images == {f"plumbline.local/server:{tag}" for tag in ("before", "dev")}
    assert kubectl("get", "trainingrun", third, "-o", "jsonpath={.status.verdict}") == "Passed"

"""An operator that starts again loses nothing and, where nothing has changed, writes nothing."""

import time
from collections import Counter

import pytest

from tests.e2e import objects, pages, replicas
from tests.e2e.cluster import (
    NAMESPACE,
    SYSTEM,
    Object,
    everything,
    is_ready,
    kubectl,
    listed,
    poll,
    until,
)
from tests.e2e.conftest import Model, Names, Tell
from tests.e2e.load import Load
from tests.e2e.story import begun, refreshed, serves, trained, tries

pytestmark = pytest.mark.cluster

SLOW = "sklearn.ensemble.GradientBoostingClassifier"
LONG_CANARY = 1000
"""Requests of each arm: about 40 s at 50 a second."""
OURS = ("datasets", "trainingtemplates", "trainingruns", "modeldeployments", "driftmonitors")
CHILDREN = ("jobs", "configmaps", "deployments", "services", "pods", "poddisruptionbudgets")


def watch(names: Names, name: str, deployment: str) -> None:
    """Watch a model for drift."""
    spec = {"deploymentRef": {"name": deployment}}
    names.apply(objects.made("DriftMonitor", name, spec))


def rows(name: str) -> float:
    """Return the rows in a monitor's window; 0 while the operator knows of none."""
    labels = {"namespace": NAMESPACE, "monitor": name}
    return pages.value(page_of_operator(), "plumbline_drift_window_rows", **labels) or 0


def page_of_operator() -> str:
    """Return the operator's metrics, or nothing while it starts again."""
    try:
        return pages.read(pages.operator())
    except OSError:
        return ""


def training_slowly(names: Names, name: str, data: str) -> None:
    """Start a run and wait until its model is being trained."""
    estimator = {"import": SLOW, "params": {"n_estimators": 2000}}
    names.apply(objects.training(name, data, {"estimator": estimator}))
    pod = f"job-name={name}-train"

    def is_training() -> bool:
        return any("running" in state for state in _states(pod))

    poll(is_training, seconds=90, why=lambda: f"{pod} {_states(pod)}")


def _states(pod: str) -> list[Object]:
    found = [each["status"].get("containerStatuses", ()) for each in listed("pods", pod)]
    return [each["state"] for statuses in found for each in statuses if each["name"] == "train"]


def servers(name: str) -> dict[str, int]:
    """Return how often each serving pod has been started again, by its uid."""
    return {
        pod["metadata"]["uid"]: sum(c["restartCount"] for c in pod["status"]["containerStatuses"])
        for pod in listed("pods", f"plumbline.dev/deployment={name}")
    }


def jobs() -> dict[str, str]:
    """Return the uids of our Jobs by name."""
    found = listed("jobs", "app.kubernetes.io/managed-by=plumbline")
    return {job["metadata"]["name"]: job["metadata"]["uid"] for job in found}


def killed() -> float:
    """Delete the operator's pod; return the seconds until another one leads."""
    began, old = time.monotonic(), replicas.leader()
    kubectl("delete", "pod", old, "--wait=false", "--namespace", SYSTEM)

    def is_replaced() -> bool:
        return replicas.leader() not in ("", old)

    poll(is_replaced, seconds=60, why=lambda: f"{replicas.leader() or 'nobody'} leads")
    return time.monotonic() - began


def test_the_operator_dies_in_the_middle_of_everything(names: Names, tell: Tell) -> None:
    replicas.scaled(1)
    name = names.new("busy")
    slow = f"{name}-slow"
    first = begun(names, name, requests=LONG_CANARY)
    watch(names, name, name)
    with Load(first.url).going() as load:
        refreshed(names, name)
        second = trained(names, name, 2)
        until("modeldeployment", name, lambda d: tries(d, second), seconds=60)
        poll(lambda: rows(name) > 100, seconds=30, why=lambda: "the monitor sees no rows")
        training_slowly(names, slow, name)
        known, pods, seen = jobs(), servers(name), rows(name)
        tell(f"operator deleted: another one leads after {killed():.1f} s")
        again = poll(lambda: rows(name), seconds=30, why=lambda: "the monitor sees no rows")
        assert again >= seen
        assert servers(name) == pods
        until("trainingrun", slow, is_ready, seconds=180)
        until("modeldeployment", name, lambda d: serves(d, second), seconds=180)
    tell(f"operator deleted: {load.sent} requests, {len(load.failed)} failed")
    assert not load.failed, load.failed[:3]
    assert not any(servers(name).values())
    assert known.items() <= jobs().items()
    mine = listed("jobs", f"plumbline.dev/run={slow}")
    assert [job["status"].get("failed", 0) for job in mine] == [0, 0]


def found() -> dict[str, Object]:
    """Return our objects and their children."""
    return {
        f"{each['kind']}/{each['metadata']['name']}": each
        for each in everything(",".join((*OURS, *CHILDREN)))
    }


def version(obj: Object | None) -> str:
    """Return the version of an object, or of one that is not there."""
    return obj["metadata"]["resourceVersion"] if obj else "gone"


def changed(before: dict[str, Object], after: dict[str, Object]) -> dict[str, list[Object | None]]:
    """Return what was written in between, as it was and as it is."""
    pairs = {name: [before.get(name), after.get(name)] for name in before.keys() | after.keys()}
    return {name: pair for name, pair in pairs.items() if len(set(map(version, pair))) > 1}


def settled() -> dict[str, Object]:
    """Return what is there when it has stayed the same for a while."""
    seen, since = found(), time.monotonic()

    def stays() -> dict[str, Object]:
        nonlocal seen, since
        if changed(seen, now := found()):
            seen, since = now, time.monotonic()
        return seen if time.monotonic() - since > 5 else {}

    return dict(poll(stays, seconds=120, why=lambda: "the cluster does not settle"))


def has_looked_at_all() -> bool:
    """Tell whether the operator has reconciled as many objects as there are, and is idle."""
    page = page_of_operator()
    kinds = Counter(each["kind"].lower() for each in everything(",".join(OURS), everywhere=True))
    looked = {
        kind: pages.value(page, "controller_runtime_reconcile_total", controller=kind) or 0
        for kind in kinds
        if kind != "trainingtemplate"
    }
    idle = pages.value(page, "workqueue_depth") == 0
    return idle and all(looked[kind] >= kinds[kind] for kind in looked)


def test_a_restart_where_all_is_well_writes_nothing(model: Model, names: Names) -> None:
    replicas.scaled(1)
    name = names.new("calm")
    names.apply(
        objects.made(
            "TrainingTemplate",
            name,
            {"datasetRef": {"name": model.data}, "trainer": objects.LOGISTIC},
        )
    )
    watch(names, name, model.name)
    until("driftmonitor", name, is_ready)
    before, old = settled(), replicas.leader()
    restart = ("--namespace", SYSTEM, "rollout")
    kubectl(*restart, "restart", f"deployment/{replicas.NAME}")
    kubectl(*restart, "status", f"deployment/{replicas.NAME}", "--timeout=90s")
    poll(lambda: replicas.leader() not in ("", old), seconds=60, why=lambda: "nobody new leads")
    poll(has_looked_at_all, seconds=60, why=page_of_operator)
    assert len(before) > 10
    assert changed(before, settled()) == {}

"""Health as GitOps tools see it: one row for each state that a kind can be in."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from lupa.lua51 import LuaRuntime
from plumbline.api import decision
from plumbline.plan.common import conditions

from hack.generate.__main__ import REPOSITORY
from tests.chart.kubectl import apply, ensure_crds, namespace
from tests.chart.objects import make

SCRIPT = (REPOSITORY / "manifests/argocd/health.lua").read_text()
CACHE = Path(os.environ.get("PLUMBLINE_CACHE") or Path.home() / ".cache/plumbline")
KSTATUS = shutil.which("kstatus") or str(CACHE / "bin/kstatus")


def ready(reason: str, message: str) -> list[dict[str, Any]]:
    return conditions.of(decision.ready("test", reason, message))


def working(reason: str, message: str) -> list[dict[str, Any]]:
    return conditions.of(decision.working("test", reason, message))


def stalled(reason: str, message: str) -> list[dict[str, Any]]:
    return conditions.of(decision.stalled("test", reason, message))


def held(reason: str, message: str) -> list[dict[str, Any]]:
    return conditions.of(decision.held("test", reason, message))


def ready_and_working(reason: str, message: str) -> list[dict[str, Any]]:
    work = decision.working("test", reason, message)
    return conditions.of(decision.ready("test", reason, message), work=work)


class State(NamedTuple):
    """A state of an object and how it must be judged."""

    kind: str
    conditions: list[Any] | None
    kstatus: str
    argocd: str
    behind: bool = False


STATES = {
    "nobody has looked yet": State("Dataset", None, "InProgress", "Progressing"),
    "changed since the last look": State(
        "Dataset", ready("RevisionInUse", "was good"), "InProgress", "Progressing", behind=True
    ),
    "working on it": State(
        "TrainingRun", working("Training", "3 minutes so far"), "InProgress", "Progressing"
    ),
    "waiting for data": State(
        "TrainingRun", working("DatasetNotReady", "no revision"), "InProgress", "Progressing"
    ),
    "a usable revision exists": State(
        "Dataset", ready("RevisionInUse", "revision 2"), "Current", "Healthy"
    ),
    "a newer fetch was bad, the last revision stays": State(
        "Dataset",
        [
            *ready("RevisionInUse", "revision 2"),
            {"type": "Valid", "status": "False", "reason": "RulesFailed", "message": "3 rows"},
        ],
        "Current",
        "Healthy",
    ),
    "no revision and the data must be mended": State(
        "Dataset", stalled("RulesFailed", "3 rows below min"), "Failed", "Degraded"
    ),
    "finished, all gates passed": State(
        "TrainingRun", ready("Complete", "auc .74"), "Current", "Healthy"
    ),
    "finished, a gate failed": State(
        "TrainingRun", stalled("GateFailed", "auc .61 < .66"), "Failed", "Degraded"
    ),
    "finished, a gate was inconclusive": State(
        "TrainingRun", stalled("GateInconclusive", "900 rows more"), "Failed", "Degraded"
    ),
    "training failed for good": State(
        "TrainingRun", stalled("OOMKilled", "1Gi was not enough"), "Failed", "Degraded"
    ),
    "suspended": State("TrainingRun", held("Suspended", "by its owner"), "InProgress", "Suspended"),
    "a template that fits its data": State(
        "TrainingTemplate", ready("SpecValid", "fits flights"), "Current", "Healthy"
    ),
    "a template without its data": State(
        "TrainingTemplate", working("DatasetNotFound", "flights"), "InProgress", "Progressing"
    ),
    "serves a stable version": State(
        "ModelDeployment", ready("Serving", "run a, 2 pods"), "Current", "Healthy"
    ),
    "serves while a canary runs": State(
        "ModelDeployment",
        ready_and_working("CanaryRunning", "20 %"),
        "InProgress",
        "Progressing",
    ),
    "watches and has not drifted": State(
        "DriftMonitor", ready("Watching", "no drift"), "Current", "Healthy"
    ),
    "watches and has drifted": State(
        "DriftMonitor",
        [
            *ready("Watching", "drift"),
            {"type": "Drifted", "status": "True", "reason": "DriftDetected", "message": "temp"},
        ],
        "Current",
        "Healthy",
    ),
}


def argocd(obj: dict[str, Any]) -> tuple[str, str]:
    """Return status and message as Argo CD's Lua gives them."""
    lua = LuaRuntime(unpack_returned_tuples=True, register_eval=False, register_builtins=False)

    def table(value: Any) -> Any:
        if isinstance(value, dict):
            return lua.table_from({key: table(item) for key, item in value.items()})
        if isinstance(value, list):
            return lua.table_from([table(item) for item in value])
        return value

    lua.globals().obj = table(obj)
    for name in ("os", "io", "require", "package", "dofile", "loadfile"):
        lua.globals()[name] = None
    result = lua.execute(SCRIPT)
    return result["status"], result["message"]


def in_state(state: State) -> dict[str, Any]:
    """Return an object in a state."""
    status: dict[str, Any] = {"observedGeneration": -1}
    if state.conditions is not None:
        status = {"observedGeneration": 6 if state.behind else 7, "conditions": state.conditions}
    obj = make(state.kind, "default")
    obj["metadata"]["generation"] = 7
    return {**obj, "status": status}


@pytest.mark.parametrize("name", STATES)
def test_argocd_judges(name):
    status, message = argocd(in_state(STATES[name]))
    assert (status, bool(message)) == (STATES[name].argocd, True)


def test_argocd_waits_for_an_object_without_any_status():
    assert argocd({"kind": "Dataset", "metadata": {"generation": 1}})[0] == "Progressing"


def kstatus(obj: dict[str, Any]) -> str:
    """Return the status that Helm and Flux compute."""
    judged = subprocess.run(
        [KSTATUS], input=json.dumps({"items": [obj]}), capture_output=True, text=True
    )
    assert judged.returncode == 0, judged.stderr
    return judged.stdout.split()[1]


# The binary comes with the cluster.
@pytest.mark.cluster
@pytest.mark.parametrize("name", STATES)
def test_kstatus_judges(name):
    assert kstatus(in_state(STATES[name])) == STATES[name].kstatus


@pytest.mark.cluster
def test_kstatus_waits_for_an_object_that_was_just_made():
    ensure_crds()
    with namespace("health") as ns:
        assert kstatus(apply(make("TrainingRun", ns))) == "InProgress"

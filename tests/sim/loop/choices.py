"""What users write and what live traffic shows, to choose from by a number."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from plumbline.api import names
from plumbline.live.observations import Assessment, BrokenFinding, ColumnFinding

from tests.unit.plan import builders

Object = dict[str, Any]
Choice = TypeVar("Choice")
SELECTED = {names.TEMPLATE_LABEL: "flights"}
CHAMPION = {"deploymentRef": {"name": "flights"}, "metric": "auc", "margin": 0.01}
GATE = [{"metric": "auc", "min": 0.6}]
OURS = ("Dataset", "TrainingTemplate", "ModelDeployment", "DriftMonitor")
DATASETS: tuple[Object, ...] = (
    {"expectations": {"minRows": 2}},
    {"expectations": {"minRows": 3}},
    {"question": {"task": "Classification", "target": "late", "holdout": {"share": 0.3}}},
    {"question": None},
)
TEMPLATES: tuple[Object, ...] = (
    {"gates": {"metrics": GATE}},
    {"gates": {"metrics": GATE, "champion": CHAMPION}},
    {"backoffLimit": 3},
    {"features": ["temp"]},
    {"features": ["wind"]},
    {"datasetRef": {"name": "none"}},
    {"ttlSecondsAfterFinished": 60},
)
ROLLOUTS: tuple[Object, ...] = (
    {"replicas": 0},
    {"replicas": 1},
    {"replicas": 3},
    {"server": {"image": "mine:1"}},
    {"server": {"resources": {"memory": "2Gi"}}},
    {"rollout": {"steps": []}},
    {"rollout": {"steps": [{"weight": 5}, {"weight": 20, "pauseSeconds": 30}, {"weight": 100}]}},
    {"accept": {"gates": [{"metric": "auc", "min": 0.75}]}},
    {"accept": {"gates": []}},
    {"model": {"runRef": {"name": "r1"}}},
    {"model": {"selector": {"matchLabels": SELECTED}}},
)
MONITORS: tuple[Object, ...] = (
    {"response": {"mode": "Observe"}},
    {"response": {"mode": "Retrain", "templateRef": {"name": "flights"}, "cooldownSeconds": 60}},
    {"response": {"mode": "Retrain", "templateRef": {"name": "none"}}},
)
FAILURES = ("SourceUnreachable", "OOMKilled", "StoreUnreachable", "SourceNotFound", "ResultMissing")
STUCK = ("ImagePullBackOff", "ContainerCreating", "Unschedulable", "")


def made(kind: str) -> Object:
    """Return one of our objects as a user applies it."""
    response = MONITORS[1]["response"]
    makers: dict[str, Callable[[], Object]] = {
        "Dataset": builders.dataset,
        "TrainingTemplate": builders.template,
        "ModelDeployment": lambda: builders.deployment(
            model={"selector": {"matchLabels": SELECTED}}
        ),
        "DriftMonitor": lambda: builders.manifest(
            kind, "watch", {"deploymentRef": {"name": "flights"}, "response": response}
        ),
    }
    return makers[kind]()


def look(model: str, *, drifted: bool = False, broken: bool = False, rows: int = 400) -> Assessment:
    """Return a look at live traffic of the model with this digest."""
    temp = ColumnFinding(
        name="temp",
        score=1.25 if drifted else 0.02,
        threshold=0.1,
        log10_p=-40.0 if drifted else -0.5,
        rows=rows,
        alarm=drifted,
    )
    wrong = BrokenFinding(column="temp", rule="Min", rows=rows // 2, of=rows)
    return Assessment(
        model=model,
        drifted=drifted,
        findings=(temp,),
        broken=(wrong,) if broken else (),
        window_rows=rows,
    )


def one_of(choices: Sequence[Choice], number: int) -> Choice:
    """Return the choice that a number stands for."""
    return choices[number % len(choices)]


def name_of(kind: str) -> str:
    """Return the name of the one object of this kind."""
    return "watch" if kind == "DriftMonitor" else "flights"

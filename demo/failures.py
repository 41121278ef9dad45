"""Four failures; each is stopped with a reason, while the model goes on serving."""

import asyncio
import json
from typing import Any

import pandas as pd

from demo.cluster import apply, condition, get, kubectl, until
from demo.replay import replay
from demo.story import RATE, Story, infer_url, say

API = "plumbline.dev/v1alpha1"


async def tell(story: Story) -> None:
    """Cause the four failures one after another, under live traffic."""
    before, runs = _serving(), _runs()
    for failure in (a_gate_fails, sentinels_arrive, a_dataset_breaks, a_canary_crashes):
        name = failure.__name__.replace("_", " ")
        say(f"[bold]{name}[/bold]: {await failure(story)}")
    if _serving() != before:
        raise AssertionError("A failure has changed the model that serves.")
    if more := {run for run in _runs() - runs if not run.endswith("/flights-too-good")}:
        raise AssertionError(f"Broken data has started a training: {', '.join(sorted(more))}.")


def _serving() -> str:
    return str(get("modeldeployment", "flights")["status"]["stable"]["identity"])


def _is(type_: str, status: str = "True") -> Any:
    return lambda obj: condition(obj, type_).get("status") == status


async def a_gate_fails(story: Story) -> str:
    """A run whose gate is higher than any model can reach is not accepted."""
    gates = {"metrics": [{"metric": "auc", "min": 0.99}]}
    apply(
        _object(
            "TrainingRun", "flights-too-good", {"templateRef": {"name": "flights"}, "gates": gates}
        )
    )
    run = await until("trainingrun", "flights-too-good", _is("Stalled"), seconds=240, why="to fail")
    return str(condition(run, "Stalled")["message"])


async def sentinels_arrive(story: Story) -> str:
    """A sensor that writes -999 is broken data, not drift: it is reported and retrains nothing."""
    runs = _runs()
    rows = story.rows[story.rows["month"] == 7].tail(2000).copy()
    rows["temp"] = -999.0
    paged = asyncio.create_task(
        until("driftmonitor", "flights", _names_temp, seconds=60, why="to report temp as broken")
    )
    await _send(story, rows, paged)
    monitor = await paged
    if _runs() != runs:
        raise AssertionError("Broken data has started a training.")
    return str(condition(monitor, "DataBroken")["message"])


def _names_temp(monitor: dict[str, Any]) -> bool:
    broken = monitor["status"].get("broken", ())
    return any(one["column"] == "temp" and one["rule"] == "Min" for one in broken)


async def a_dataset_breaks(story: Story) -> str:
    """A file with an incomplete line and impossible values makes no revision."""
    text = "id,value,label\n1,2.5,true\n2,-7,false\n3\n"
    columns = [
        {"name": "id", "type": "integer"},
        {"name": "value", "type": "number", "min": 0},
        {"name": "label", "type": "boolean"},
    ]
    source = {"configMap": {"name": "torn", "key": "data.csv"}}
    apply(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "torn"},
            "data": {"data.csv": text},
        },
        _object(
            "Dataset", "torn", {"source": source, "format": "csv", "schema": {"columns": columns}}
        ),
    )
    data = await until("dataset", "torn", _is("Stalled"), seconds=120, why="to fail its rules")
    return str(condition(data, "Stalled")["message"])


async def a_canary_crashes(story: Story) -> str:
    """A server image that cannot serve is rolled back, and no request fails."""
    failed = story.traffic.failed
    image = _operator_image()
    spec = {"server": {"image": image}, "rollout": {"progressDeadlineSeconds": 45}}
    patch = json.dumps({"spec": spec})
    kubectl("patch", "modeldeployment", "flights", "--type", "merge", "--patch", patch)
    rolled_back = asyncio.create_task(
        until(
            "modeldeployment",
            "flights",
            lambda d: d["status"].get("rejected"),
            seconds=120,
            why="to roll back",
        )
    )
    await _send(story, story.rows[story.rows["month"] == 7].tail(6000), rolled_back)
    deployment = await rolled_back
    if story.traffic.failed != failed:
        raise AssertionError(f"Requests failed: {'; '.join(story.traffic.errors[-3:])}.")
    return str(deployment["status"]["rejected"][0]["message"])


def _operator_image() -> str:
    """Return an image that is on the node and cannot serve: that of the operator."""
    words = ("--namespace", "plumbline-system", "get", "deployment", "plumbline-operator")
    path = "jsonpath={.spec.template.spec.containers[0].image}"
    return kubectl(*words, "-o", path).strip()


async def _send(story: Story, rows: pd.DataFrame, until_done: "asyncio.Task[Any]") -> None:
    url = await infer_url()
    await replay(rows, url=url, rate=RATE, traffic=story.traffic, stop=until_done.done)


def _runs() -> set[str]:
    return set(kubectl("get", "trainingruns", "-o", "name").split())


def _object(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": API, "kind": kind, "metadata": {"name": name}, "spec": spec}

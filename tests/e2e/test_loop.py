"""The whole loop on a real cluster: data, a model, new data, a canary under load, a promotion."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e import objects
from tests.e2e.cluster import Object, address, call, get, is_ready, kubectl, listed, poll, until
from tests.e2e.conftest import Model, Names

pytestmark = pytest.mark.cluster

PATIENT = {
    "steps": [{"weight": 50}],
    "analysis": {"minRequests": 30, "maxErrorRate": 0.05, "maxLatencyRatio": 10},
}


class Load:
    """Requests one after another, and every answer that was not one."""

    def __init__(self, url: str) -> None:
        self.url, self.sent, self.failed = url, 0, list[str]()
        self._end = threading.Event()

    def send(self) -> None:
        while not self._end.wait(0.02):
            self.sent += 1
            try:
                status, answer = call(self.url, objects.question())
            except OSError as error:
                status, answer = 0, {"error": repr(error)}
            if status != 200:
                self.failed.append(f"{status}: {answer}")

    @contextmanager
    def going(self) -> Iterator["Load"]:
        thread = threading.Thread(target=self.send)
        thread.start()
        try:
            yield self
        finally:
            self._end.set()
            thread.join()


def test_a_client_finds_the_protocol_it_knows(model: Model) -> None:
    status, about = call(f"{address(model.name)}/v2/models/{model.name}")
    assert status == 200
    assert about["name"] == model.name
    assert [each["name"] for each in about["inputs"]] == ["heat", "load", "site"]
    assert {"datatype": "FP64", "name": "heat", "shape": [-1]} in about["inputs"]
    assert [each["name"] for each in about["outputs"]] == ["predict", "predict_proba"]
    assert call(f"{address(model.name)}/v2/health/ready")[0] == 200


def test_somebody_deletes_what_serves(model: Model) -> None:
    child = serving_deployment(model.name)
    kubectl("delete", "deployment", child["metadata"]["name"])

    def back() -> bool:
        found = get("deployment", child["metadata"]["name"])
        return bool(found) and found["metadata"]["uid"] != child["metadata"]["uid"]

    poll(back, seconds=30, why=lambda: "the Deployment has not come back")
    until("deployment", child["metadata"]["name"], lambda d: d["status"].get("readyReplicas"))
    until("modeldeployment", model.name, is_ready)
    poll(model.answers, seconds=30, why=lambda: "the model does not answer")


def serving_deployment(name: str) -> Object:
    return listed("deployments", f"plumbline.dev/deployment={name}")[0]


def test_new_data_becomes_a_better_model_and_no_request_is_lost(names: Names) -> None:
    name = names.new("loop")
    first = begun(names, name)
    with Load(first.url).going() as load:
        refreshed(names, name)
        second = trained(names, name, 2)
        until("modeldeployment", name, lambda d: tries(d, second), seconds=60)
        until("modeldeployment", name, lambda d: serves(d, second), seconds=150)
        kubectl("delete", "trainingrun", second, "--wait=true")
        assert serves(until("modeldeployment", name, is_ready), second)
        assert first.answers()
    assert load.sent > 50
    assert not load.failed, load.failed[:3]


def begun(names: Names, name: str) -> Model:
    """Make the data, the template, a first run and what serves it."""
    template = {"datasetRef": {"name": name}, "trainer": objects.LOGISTIC}
    chosen = {"selector": {"matchLabels": {"plumbline.dev/template": name}}}
    names.apply(
        objects.config_map(name, objects.csv()),
        objects.dataset(name, objects.in_config_map(name)),
        objects.made("TrainingTemplate", name, template),
        objects.made("ModelDeployment", name, {"model": chosen, "rollout": PATIENT}),
    )
    until("dataset", name, is_ready)
    run = trained(names, name, 1)
    until("modeldeployment", name, lambda d: is_ready(d) and serves(d, run))
    return Model(data=name, run=run, name=name)


def trained(names: Names, name: str, number: int) -> str:
    """Start a run and return its name when it has been judged."""
    run, labels = f"{name}-{number}", {"plumbline.dev/template": name}
    spec = {"templateRef": {"name": name}}
    names.apply(objects.made("TrainingRun", run, spec, labels=labels))
    until("trainingrun", run, is_ready, seconds=150)
    return run


def refreshed(names: Names, name: str) -> None:
    """Edit the data and ask for a new revision."""
    names.apply(objects.config_map(name, objects.csv(seed=2)))
    kubectl("annotate", "dataset", name, "plumbline.dev/refresh=again")
    until("dataset", name, lambda d: d["status"].get("revision") == 2)


def serves(deployment: Object, run: str) -> bool:
    """Tell whether all traffic goes to the model of this run."""
    status = deployment["status"]
    return (status.get("stable") or {}).get("run") == run and not status.get("canary")


def tries(deployment: Object, run: str) -> bool:
    """Tell whether the model of this run is a canary."""
    return (deployment["status"].get("canary") or {}).get("run") == run

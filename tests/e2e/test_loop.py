"""The whole loop on a real cluster: data, a model, new data, a canary under load, a promotion."""

import pytest

from tests.e2e.cluster import Object, address, call, get, is_ready, kubectl, listed, poll, until
from tests.e2e.conftest import Model, Names
from tests.e2e.load import Load
from tests.e2e.story import begun, refreshed, serves, trained, tries

pytestmark = pytest.mark.cluster


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

"""A serving process as clients, Kubernetes and the operator meet it."""

import http.client
import json
import math
import threading
from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.unit.serving.conftest import Server, free_port, row, until

Serve = Callable[..., Server]


def test_it_answers_with_class_and_probabilities(serve: Serve) -> None:
    status, answer = serve().infer(1.0, "a")
    outputs = {output["name"]: output["data"] for output in answer["outputs"]}
    assert status == 200
    assert outputs["predict"] == [True]
    assert outputs["predict_proba"][1] == pytest.approx(1 / (1 + math.exp(-1.5)))


def test_a_wrong_request_gets_a_400_that_says_what_and_the_server_goes_on(serve: Serve) -> None:
    server = serve()
    wrong = {
        b"{": "JSON",
        b"[]": "Open Inference Protocol",
        b'{"inputs": []}': "missing",
        row("text"): "'x'",
        row(1.0, 5): "'w'",
        row(1.0, "a").replace(b'"shape": [1]', b'"shape": [2]'): "'x'",
        row(1.0, "a").replace(b"FP64", b"COMPLEX"): "COMPLEX",
        row(1.0, "a").replace(b'"name": "w"', b'"name": "v"'): "'w'",
    }
    for body, word in wrong.items():
        status, answer = server.post("/v2/models/m/infer", body)
        assert status == 400, body
        assert list(answer) == ["error"]
        assert word in answer["error"]
    assert server.post("/v2/models/other/infer", row())[0] == 404
    assert server.get("/v2/models/m/infer")[0] == 405
    assert server.infer()[0] == 200


def test_the_same_rows_give_the_same_counts_however_they_are_spread(serve: Serve) -> None:
    alone, left, right = serve(), serve(), serve()
    for n in range(60):
        alone.infer(n / 10, "a")
        (left if n % 3 else right).infer(n / 10, "a")

    def total(servers: list[Server]) -> dict[int, int]:
        found: dict[int, int] = {}
        for server in servers:
            for second in server.control()["seconds"]:
                for cell, count in zip(second["i"], second["c"], strict=True):
                    found[cell] = found.get(cell, 0) + count
        return found

    until(lambda: sum(second["rows"] for second in alone.control()["seconds"]) == 60)
    until(lambda: total([left, right]) == total([alone]))


def test_rows_that_cannot_be_true_are_counted_as_broken(serve: Serve) -> None:
    server = serve()
    server.infer(-999.0, "a")
    server.infer(1.0, "zebra")
    server.infer(1.0, None)

    def broken() -> dict[str, int]:
        found: dict[str, int] = {}
        for second in server.control()["seconds"]:
            for rule, rows in second["v"].items():
                found[rule] = found.get(rule, 0) + rows
        return found

    assert until(lambda: len(broken()) >= 2 and broken()) == {"x/Min": 1, "w/Values": 1}


def routing(target: Server | int, percent: int, name: str = "two/0") -> dict[str, object]:
    port = target if isinstance(target, int) else target.port
    return {"token": name, "target": f"http://127.0.0.1:{port}", "percent": percent}


def test_exactly_the_share_goes_to_the_canary(serve: Serve) -> None:
    stable, canary = serve(), serve(identity="two", intercept=9.0)
    until(lambda: stable.control(routing(canary, 10))["routing"] == "two/0")
    answers = [stable.infer(0.0, "a")[1]["model_version"] for _ in range(100)]
    assert answers.count("two") == 10
    arms = stable.control(routing(canary, 10))["arms"]["two/0"]
    assert (arms["stable"]["requests"], arms["canary"]["requests"]) == (90, 10)


def test_a_canary_that_is_gone_costs_no_request(serve: Serve) -> None:
    stable = serve()
    stable.control(routing(free_port(), 50))
    assert all(stable.infer()[0] == 200 for _ in range(20))
    arms = stable.control(routing(free_port(), 50, "two/1"))["arms"]["two/0"]
    assert arms["canary"]["errors"] == arms["canary"]["fallbacks"] == 10


def test_no_request_is_lost_when_the_server_ends(serve: Serve) -> None:
    server = serve(drain=1.0)
    statuses: list[object] = []
    stop = threading.Event()

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        while not stop.is_set():
            try:
                connection.request("POST", "/v2/models/m/infer", row())
                response = connection.getresponse()
                response.read()
                statuses.append(response.status)
                if response.getheader("connection") == "close":
                    stop.set()
            except OSError as error:
                statuses.append(error)
                stop.set()
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: len(statuses) > 200)
    assert server.end() == 0
    stop.set()
    for thread in threads:
        thread.join()
    assert set(statuses) == {200}


def test_metrics_and_metadata_are_there(serve: Serve) -> None:
    server = serve()
    server.infer()
    page = server.get("/metrics", port=server.admin)[1]
    assert 'plumbline_requests_total{code="200"} 1' in page
    families = {family.name: family for family in text_string_to_metric_families(page)}
    assert all(family.documentation for family in families.values())
    samples = {sample.name for sample in families["plumbline_request_duration_seconds"].samples}
    assert "plumbline_request_duration_seconds_sum" in samples
    status, model = server.get("/v2/models/m")
    assert status == 200
    assert {tensor["name"]: tensor["datatype"] for tensor in model["inputs"]} == {
        "x": "FP64",
        "w": "BYTES",
    }
    assert json.dumps(model).count("null") == 0

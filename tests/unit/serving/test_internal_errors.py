"""A fault of ours is logged once and in full; the client gets an id to find it by."""

import http.client
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from plumbline.contract.control import LATENCY_BOUNDS

from tests.unit.serving.conftest import Serve, Server, free_port, row, servers, until

Failing = tuple[Server, Callable[[], list[dict[str, Any]]]]


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Failing]:
    """Return a server whose weights do not fit its inputs, and a function that reads its log."""
    folder: Path = tmp_path_factory.mktemp("failing")
    path = folder / "log"

    def lines() -> list[dict[str, Any]]:
        found = [json.loads(line) for line in path.read_text().splitlines()]
        return [line for line in found if line["level"] == "error"]

    with path.open("w") as log, servers(folder) as start:
        about = "kind=ModelDeployment,namespace=team,name=m"
        form = {"PLUMBLINE_LOG_FORMAT": "json", "PLUMBLINE_LOG_BOUND": about}
        yield start(weights=(1.0, 2.0), log=log, **form), lines


def internal_error(id_: str) -> str:
    return f"Internal error of the model server. Its log has details under the id {id_}."


def ask(server: Server, **headers: str) -> tuple[int, Any, list[str]]:
    """Return status, body and the request ids of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest("POST", "/v2/models/m/infer")
    for name, value in {"content-length": str(len(row(7.25))), **headers}.items():
        connection.putheader(name, value)
    connection.endheaders(row(7.25))
    response = connection.getresponse()
    answer = json.loads(response.read()), response.headers.get_all("x-request-id", [])
    connection.close()
    return response.status, *answer


def test_a_500_is_logged_once_with_its_traceback_and_the_id_that_the_client_gets(
    failing: Failing,
) -> None:
    server, lines = failing
    before = len(lines())
    status, answer, ids = ask(server)
    (id_,) = ids
    assert (status, answer) == (500, {"error": internal_error(id_)})
    (line,) = lines()[before:]
    assert line["request_id"] == id_
    assert (line["kind"], line["namespace"], line["name"]) == ("ModelDeployment", "team", "m")
    assert line["error"] == "ValueError"
    assert "serving/predictor.py" in line["trace"]
    assert "7.25" not in json.dumps(line)


def test_two_requests_have_two_ids(failing: Failing) -> None:
    assert ask(failing[0])[2] != ask(failing[0])[2]


def test_a_request_keeps_the_id_that_its_client_gave_it(failing: Failing) -> None:
    server, lines = failing
    given = "0af7651916cd43dd8448eb211c80319c/1"
    assert ask(server, **{"x-request-id": given})[1:] == (
        {"error": internal_error(given)},
        [given],
    )
    assert lines()[-1]["request_id"] == given


@pytest.mark.parametrize("given", ["", "a" * 129, "a b", "a\tb", "\xff\xfe", '{"a": "b"}'])
def test_an_id_that_could_do_harm_is_not_taken_over(failing: Failing, given: str) -> None:
    status, answer, ids = ask(failing[0], **{"x-request-id": given})
    assert status == 500
    assert ids
    assert ids != [given]
    assert answer == {"error": internal_error(ids[0])}


def test_a_server_without_faults_logs_none(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("w") as log:
        server = serve(log=log)
        assert server.infer()[0] == 200
        assert server.post("/v2/models/m/infer", b"{")[0] == 400
        assert server.end() == 0
    assert " ERROR " not in path.read_text()


def test_an_error_of_the_stable_model_counts_as_its_own_during_a_rollout(failing: Failing) -> None:
    server, _ = failing
    routing = {"token": "two/0", "target": f"http://127.0.0.1:{free_port()}", "percent": 50}
    until(lambda: server.control(routing)["routing"] == "two/0")
    for _ in range(10):
        assert ask(server)[0] == 500
    arms = server.control(routing)["arms"]["two/0"]
    assert (arms["stable"]["requests"], arms["stable"]["errors"]) == (5, 5)
    assert (arms["canary"]["requests"], arms["canary"]["errors"]) == (5, 5)
    assert len(arms["stable"]["latency"]) == len(LATENCY_BOUNDS) + 1

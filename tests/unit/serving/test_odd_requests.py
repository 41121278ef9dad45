"""Requests that are odd, old-fashioned or hostile get a right answer or a clear refusal."""

import gzip
import http.client
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.unit.serving.conftest import Serve, Server, row, until

INFER = "/v2/models/m/infer"
Ask = Callable[..., tuple[int, Any, http.client.HTTPMessage]]


@pytest.fixture
def ask(server: Server) -> Iterator[Ask]:
    """Return a function that asks over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)

    def asked(
        body: bytes | None = None, path: str = INFER, *, method: str = "POST", **headers: str
    ) -> tuple[int, Any, http.client.HTTPMessage]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        response = connection.getresponse()
        text = response.read()
        return response.status, json.loads(text) if text else None, response.headers

    yield asked
    connection.close()


def tensor(data: str, *, datatype: str = "FP64", shape: str = "[1]", name: str = "x") -> str:
    return f'{{"name": "{name}", "datatype": "{datatype}", "shape": {shape}, "data": {data}}}'


W = tensor('["a"]', datatype="BYTES", name="w")


def request(*tensors: str, more: str = "") -> bytes:
    return f'{{"inputs": [{", ".join(tensors)}]{more}}}'.encode()


def wide(data: str, **form: str) -> bytes:
    """Return a request for two rows of x."""
    return request(tensor(data, **form), tensor('["a", "b"]', datatype="BYTES", **two("w")))


def two(name: str) -> dict[str, str]:
    return {"name": name, "shape": "[2]"}


THRICE = ', "outputs": [{"name": "predict"}, {"name": "predict"}, {"name": "predict"}]'
REFUSED = {
    "nothing": (b"", "JSON"),
    "null": (b"null", "Open Inference Protocol"),
    "more than one value": (row() + b"{}", "JSON"),
    "NaN": (request(tensor("[NaN]"), W), "null"),
    "Infinity": (request(tensor("[-Infinity]"), W), "null"),
    "a number beyond all": (request(tensor("[1e999]"), W), "out of range"),
    "an integer beyond all": (request(tensor(f"[{'9' * 400}]"), W), "'x'"),
    "an integer of a megabyte": (request(tensor(f"[{'9' * 2**20}]"), W), "out of range"),
    "nested without end": (request(tensor("[" * 10**5 + "]" * 10**5), W), "JSON"),
    "nested deeper than its shape": (request(tensor("[[[1]]]"), W), "'x'"),
    "no UTF-8": (request(W.replace('"a"', '"\xff"')).decode().encode("latin-1"), "JSON"),
    "half a character": (request(tensor("[1]"), W.replace('"a"', '"\\ud800"')), "JSON"),
    "text for a number": (wide('[1, "1"]', shape="[2]"), "in row 2 that is not a number"),
    "a number as BYTES": (request(tensor('["1"]', datatype="BYTES"), W), "BYTES"),
    "an object for a number": (request(tensor("[{}]"), W), "number"),
    "a number for text": (request(tensor("[1]"), tensor("[1]", name="w")), "text"),
    "a fraction as INT64": (request(tensor("[1.5]", datatype="INT64"), W), "INT64"),
    "300 as UINT8": (request(tensor("[300]", datatype="UINT8"), W), "UINT8"),
    "-1 as UINT64": (request(tensor("[-1]", datatype="UINT64"), W), "UINT64"),
    "2 as BOOL": (request(tensor("[2]", datatype="BOOL"), W), "BOOL"),
    "no data": (request('{"name": "x", "datatype": "FP64", "shape": [1]}', W), "data"),
    "null as data": (request(tensor("null"), W), "data"),
    "zero rows": (request(tensor("[]", shape="[0]"), W), "[0]"),
    "no shape": (request(tensor("[1]", shape="[]"), W), "[]"),
    "a negative shape": (request(tensor("[1]", shape="[-1]"), W), "[-1]"),
    "a shape of fractions": (request(tensor("[1]", shape="[1.5]"), W), "int"),
    "a shape of many dimensions": (request(tensor("[1]", shape=f"{[1] * 9999}"), W), "9999"),
    "too few rows": (wide("[1]"), "rows"),
    "two columns in one": (wide("[1, 2]", shape="[2, 2]"), "[2, 1]"),
    "two full columns in one": (wide("[1, 2, 3, 4]", shape="[2, 2]"), "[2, 1]"),
    "ragged rows": (wide("[[1, 2], []]", shape="[2, 1]"), "do not fit"),
    "a row among values": (wide("[[1], 2]", shape="[2, 1]"), "do not fit"),
    "an input given twice": (request(tensor("[1]"), tensor("[2]"), W), "Input 'x' is given twice"),
    "an input too many": (request(tensor("[1]"), W, tensor("[1]", name="y")), "'y'"),
    "a matrix where texts are": (request(tensor("[1, 2]", shape="[1, 2]")), "text features"),
    "an unknown output": (request(tensor("[1]"), W, more=', "outputs": [{"name": "z"}]'), "'z'"),
    "an output three times": (request(tensor("[1]"), W, more=THRICE), "is requested twice"),
    "a number as id": (request(tensor("[1]"), W, more=', "id": 5'), "id"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_answered_is_refused_in_the_protocols_form(
    case: str, server: Server
) -> None:
    body, word = REFUSED[case]
    status, answer = server.post(INFER, body)
    assert status == 400
    assert list(answer) == ["error"]
    assert word in answer["error"]
    assert len(answer["error"]) < 500


RIGHT = {
    "INT64 for a float": request(tensor("[1]", datatype="INT64"), W),
    "INT64 with a fraction of zero": request(tensor("[1.0]", datatype="INT64"), W),
    "BOOL for a float": request(tensor("[true]", datatype="BOOL"), W),
    "FP32": request(tensor("[1]", datatype="FP32"), W),
    "[n, 1]": request(tensor("[1]", shape="[1, 1]"), W),
    "[n, 1] in rows": request(tensor("[[1]]", shape="[1, 1]"), W),
    "parameters everywhere": request(
        tensor("[1]").replace("}", ', "parameters": {"a": [1]}}'),
        W,
        more=', "parameters": {"b": 1}',
    ),
    "fields of tomorrow": request(tensor("[1]"), W, more=', "tomorrow": [1]'),
    "no outputs named": request(tensor("[1]"), W, more=', "outputs": []'),
    "another order": request(W, tensor("[1]")),
}


@pytest.mark.parametrize("case", RIGHT)
def test_what_is_odd_but_allowed_is_answered_alike(case: str, server: Server) -> None:
    assert server.post(INFER, RIGHT[case])[1]["outputs"] == server.infer(1.0, "a")[1]["outputs"]


def test_nulls_are_missing_values_of_any_datatype(server: Server) -> None:
    missing = request(tensor("[null]", datatype="INT64"), W.replace('"a"', "null"))
    status, answer = server.post(INFER, missing)
    assert (status, answer["outputs"][1]["data"]) == (200, [0.5, 0.5])


def test_only_the_outputs_asked_for_are_answered_in_their_order(server: Server) -> None:
    more = ', "outputs": [{"name": "predict_proba"}, {"name": "predict"}]'
    answer = server.post(INFER, request(tensor("[1]"), W, more=more))[1]
    assert [output["name"] for output in answer["outputs"]] == ["predict_proba", "predict"]


def test_an_id_comes_back_and_does_no_harm_in_a_header(ask: Ask) -> None:
    for said, header in (
        ("a-1", "a-1"),
        ("a\r\nb: c\x00\x7f", "a??b: c??"),
        ("ü" * 200, "?" * 128),
    ):
        body = json.loads(row()) | {"id": said}
        status, answer, headers = ask(json.dumps(body).encode())
        assert (status, answer["id"], headers["x-request-id"]) == (200, said, header)


def test_a_body_in_a_form_that_is_not_read_is_refused_by_name(ask: Ask) -> None:
    status, answer, _ = ask(gzip.compress(row()), Content_Encoding="gzip")
    assert (status, "gzip" in answer["error"]) == (415, True)
    status, answer, _ = ask(row() + b"\0\0", Inference_Header_Content_Length=str(len(row())))
    assert (status, "binary" in answer["error"]) == (415, True)
    assert ask(row(), Content_Encoding="identity")[0] == 200


def test_the_content_type_is_not_asked_for_since_curl_sends_a_wrong_one(ask: Ask) -> None:
    assert ask(row(), Content_Type="application/x-www-form-urlencoded")[0] == 200


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/v2/models/x/infer", "Unknown model 'x': this server has 'm'."),
        ("/v2/models/x/versions/1/infer", "Unknown model 'x'"),
        ("/v2/models/m/versions/1/infer", "Unknown version '1': this server has 'one'."),
        ("/v2/models/m/versions/1/ready", "Unknown version '1'"),
        ("/v2/models/m/explain", "nothing at /v2/models/m/explain"),
        ("/v2/health/live/ready", "nothing"),
        ("/v1/models/m:predict", "nothing"),
        ("//", "nothing"),
        (f"/{'%F0%9F%A6%84' * 1000}", "nothing"),
    ],
)
def test_an_unknown_path_says_what_is_unknown(path: str, word: str, ask: Ask) -> None:
    status, answer, _ = ask(row(), path)
    assert (status, word in answer["error"], len(answer["error"]) < 300) == (404, True, True)


def test_a_slash_at_the_end_changes_nothing(ask: Ask) -> None:
    assert ask(row(), f"{INFER}/")[0] == 200
    assert ask(row(), "/v2/models/m/versions/one/infer")[0] == 200
    pages = "/v2", "/v2/health/live", "/v2/health/ready", "/v2/models/m", "/v2/models/m/ready"
    for page in pages:
        assert ask(None, page, method="GET")[:2] == ask(None, f"{page}/", method="GET")[:2]
        assert ask(None, page, method="GET")[0] == 200


def test_a_wrong_method_is_answered_with_the_right_one(ask: Ask) -> None:
    for method in ("GET", "PUT", "DELETE", "OPTIONS", "PATCH"):
        status, answer, headers = ask(None, INFER, method=method)
        assert (status, list(answer), headers["allow"]) == (405, ["error"], "POST")
    for path in ("/v2", "/v2/models/m", "/v2/models/m/ready"):
        status, _, headers = ask(b"{}", path)
        assert (status, headers["allow"]) == (405, "GET, HEAD")


def test_head_is_get_without_a_body(ask: Ask) -> None:
    status, nothing, headers = ask(None, "/v2/models/m", method="HEAD")
    assert (status, nothing) == (200, None)
    assert int(headers["content-length"]) > 0
    assert ask(None, INFER, method="HEAD")[0] == 405
    assert ask(row())[0] == 200


def spoken(server: Server, *parts: bytes, answers: int) -> list[tuple[int, Any]]:
    """Send bytes as they are, each part by itself, and return so many answers."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part)
        found = []
        stream = connection.makefile("rb")
        while len(found) < answers:
            status = int(stream.readline().split()[1])
            length = 0
            while line := stream.readline().strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            found.append((status, stream.read(length)))
        return found


def head(*lines: str) -> bytes:
    return "\r\n".join([f"POST {INFER} HTTP/1.1", "Host: m", *lines, "", ""]).encode()


def plain(body: bytes) -> bytes:
    return head(f"Content-Length: {len(body)}") + body


def chunked(body: bytes, size: int) -> bytes:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def test_requests_that_come_at_once_are_answered_in_their_order(server: Server) -> None:
    many = [row(float(n), "a") if n % 3 else b"{" for n in range(30)]
    found = spoken(server, b"".join(map(plain, many)), answers=30)
    assert [status for status, _ in found] == [200 if n % 3 else 400 for n in range(30)]
    answers = [json.loads(text)["outputs"] for status, text in found if status == 200]
    assert answers == [server.infer(float(n), "a")[1]["outputs"] for n in range(30) if n % 3]


def test_a_body_in_chunks_and_pieces_is_read_whole(server: Server) -> None:
    lines = head("Transfer-Encoding: chunked")
    whole = lines + chunked(row(), 7)
    assert spoken(server, whole, answers=1)[0][0] == 200
    assert (
        spoken(server, *(whole[n : n + 3] for n in range(0, len(whole), 3)), answers=1)[0][0] == 200
    )
    assert spoken(server, lines + b"0\r\n\r\n", answers=1)[0][0] == 400


def test_a_body_without_a_length_is_no_body(server: Server) -> None:
    assert [status for status, _ in spoken(server, head(), answers=1)] == [400]


def test_a_client_that_asks_whether_to_go_on_hears_so_before_it_sends(server: Server) -> None:
    lines = (f"Content-Length: {len(row())}", "Expect: 100-continue")
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(head(*lines))
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        connection.sendall(row())
        assert connection.recv(100).startswith(b"HTTP/1.1 200")


def test_a_client_that_asks_with_too_much_is_refused_at_once(server: Server) -> None:
    lines = (f"Content-Length: {50 * 2**20}", "Expect: 100-continue")
    assert spoken(server, head(*lines), answers=1)[0][0] == 413


@pytest.mark.parametrize(
    "wrong",
    [
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        head("Content-Length: -1"),
        head("Content-Length: many"),
        head("Content-Length: 1", "Content-Length: 2"),
        head("Content-Length: 1", "Transfer-Encoding: chunked"),
        head("Transfer-Encoding: chunked") + b"zz\r\n",
        b"CONNECT m:443 HTTP/1.1\r\nHost: m\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: m\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused_and_the_server_goes_on(wrong: bytes, server: Server) -> None:
    assert 400 <= spoken(server, wrong, answers=1)[0][0] < 500
    assert server.infer()[0] == 200


def test_a_client_that_goes_amid_its_body_leaves_nothing_in_flight(server: Server) -> None:
    def in_flight(number: int) -> bool:
        page = server.get("/metrics", port=server.admin)[1]
        return f"plumbline_requests_in_flight {number}\n" in page

    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(head("Content-Length: 100") + b"{")
        until(lambda: in_flight(1))
    until(lambda: in_flight(0), seconds=10)


def test_a_wrong_output_is_the_clients_fault_and_not_the_canarys(serve: Serve) -> None:
    stable, canary = serve(), serve(identity="two")
    routing = {"token": "two/0", "target": f"http://127.0.0.1:{canary.port}", "percent": 100}
    stable.control(routing)
    wrong = request(tensor("[1]"), W, more=', "outputs": [{"name": "z"}]')
    until(lambda: stable.infer()[1]["model_version"] == "two")
    assert stable.post(INFER, wrong)[0] == 400
    assert stable.control(routing)["arms"]["two/0"]["canary"]["errors"] == 0


OFFERS = {
    "Java's client": ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AA"),
    "a browser": ("Connection: keep-alive, Upgrade", "Upgrade: websocket"),
}


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
def test_a_client_that_offers_another_protocol_is_answered_in_this_one(
    offer: tuple[str, ...], server: Server
) -> None:
    lengthy = head(*offer, f"Content-Length: {len(row())}") + row()
    parts = head(*offer, "Transfer-Encoding: chunked") + chunked(row(), 7)
    whole = lengthy + parts + plain(row()) + lengthy
    pieces = [whole[n : n + 50] for n in range(0, len(whole), 50)]
    for sent in ([whole], pieces):
        assert [status for status, _ in spoken(server, *sent, answers=4)] == [200] * 4
    asked = "\r\n".join(["GET /v2 HTTP/1.1", "Host: m", *offer, "", ""]).encode()
    assert spoken(server, asked, answers=1)[0][0] == 200


def test_the_server_names_no_extension_that_it_does_not_answer(ask: Ask) -> None:
    assert ask(None, "/v2", method="GET")[1]["extensions"] == []
    assert ask(b"", "/v2/repository/index")[0] == 404

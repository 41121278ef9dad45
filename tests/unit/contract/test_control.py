"""Operators and servers of different releases read each other, and refuse what they cannot read."""

import json
import subprocess
import sys
from typing import Any

import pytest
from plumbline.contract import control
from plumbline.contract.control import (
    Arm,
    ControlReply,
    ControlRequest,
    Routing,
    Span,
    UnreadableMessage,
)

# As the servers before any version replied.
OLD: dict[str, Any] = {
    "boot": "b",
    "identity": "one",
    "now": 1_000_010,
    "started": 1_000_000,
    "routing": "two/0",
    "arms": {
        "two/0": {
            "stable": {"requests": 9, "errors": 0, "fallbacks": 0, "latency": [9, 0]},
            "canary": {"requests": 1, "errors": 1, "fallbacks": 1, "latency": [0, 1]},
        }
    },
    "latencyBounds": [0.1],
    "totals": {"requests": 10, "errors": 0, "latency": [10, 0], "rows": 10, "lost": 2},
    "ended": False,
    "through": 1_000_009,
    "seconds": [
        {"e": 1_000_008, "rows": 3, "i": [0, 4], "c": [1, 2], "v": {"x/Min": 1}},
        {"e": 999_960, "s": 60, "rows": 5, "i": [2], "c": [5], "v": {}},
    ],
    "begun": [{"e": 1_000_010, "rows": 1, "i": [1], "c": [1], "v": {}}],
}


NOTHING = {"e": 1_000_001, "rows": 0, "i": [], "c": [], "v": {}}


def read(**changes: Any) -> ControlReply:
    return control.read_reply(json.dumps({**OLD, **changes}).encode())


def test_a_server_of_before_any_version_is_read() -> None:
    reply = read()
    assert (reply.version, reply.totals.lost, reply.arms["two/0"].canary.errors) == (0, 2, 1)
    second, minute = reply.spans
    assert (second.start, second.length, second.cells, second.counts) == (
        1_000_008,
        1,
        [0, 4],
        [1, 2],
    )
    assert (minute.length, second.violations, reply.open_spans[0].rows) == (60, {"x/Min": 1}, 1)


@pytest.mark.parametrize("key", sorted(OLD.keys() - {"boot", "now", "started", "through"}))
def test_a_key_that_is_left_out_has_a_default(key: str) -> None:
    wire = {name: value for name, value in OLD.items() if name != key}
    if key == "latencyBounds":
        wire["arms"] = {}
    assert control.read_reply(json.dumps(wire).encode()).boot == "b"


def test_what_a_later_release_adds_is_passed_over() -> None:
    assert read(version=control.VERSION, weather="fine").boot == "b"


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"version": control.VERSION + 1, "seconds": "packed"}, "version 2"),
        ({"through": "now"}, "through"),
        ({"boot": None}, "boot"),
        ({"totals": {"lost": -1}}, "lost"),
        (
            {"seconds": [{"e": 1, "rows": 1, "i": [1, 2], "c": [1], "v": {}}]},
            "damaged: it has 2 cells",
        ),
        ({"seconds": [{"e": 1, "rows": 1, "i": [-1], "c": [1], "v": {}}]}, "-1|>= 0"),
        ({"arms": {"t": {"stable": {"latency": [1]}}}}, "damaged: it has 1 latencies"),
        ({"arms": {f"t{n}": {} for n in range(500)}}, "length"),
        # Times that no float holds, and more spans than an event loop has time for.
        ({"now": 10**400}, "now"),
        ({"started": 2**60}, "started"),
        ({"through": -1}, "through"),
        ({"seconds": [{**NOTHING, "e": 10**30}]}, "seconds"),
        ({"seconds": [NOTHING] * 100_000}, "seconds"),
        ({"begun": [NOTHING] * 100_000}, "begun"),
    ],
)
def test_a_reply_that_cannot_be_read_says_what_is_wrong(changes: Any, what: str) -> None:
    with pytest.raises(UnreadableMessage, match=what):
        read(**changes)


@pytest.mark.parametrize("content", [b"", b"ok", b"[]", b"\xff", b"[" * 100_000, b'{"boot": "b"}'])
def test_what_is_no_reply_at_all_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableMessage):
        control.read_reply(content)
    with pytest.raises(UnreadableMessage):
        control.read_request(content.replace(b'{"boot": "b"}', b'{"since": "b"}'))


def test_an_older_operator_finds_every_key_that_it_reads_by_its_name() -> None:
    second = Span(start=8, rows=3, cells=[0], counts=[3], violations={})
    reply = ControlReply(boot="b", now=9, started=1, through=8, spans=[second], version=1)
    wire = json.loads(control.encode(reply))
    assert wire.keys() >= OLD.keys()
    assert wire["seconds"] == [{"e": 8, "rows": 3, "i": [0], "c": [3], "v": {}}]
    assert json.loads(control.encode(Arm())).keys() >= {"requests", "errors", "latency"}


def test_requests_are_read_as_they_are_written_and_as_older_operators_write_them() -> None:
    routing = Routing(routing_id="two/0", target="http://c.n.svc", percent=10)
    asked = ControlRequest(routing=routing, since=-4096, version=1)
    wire = json.loads(control.encode(asked))
    assert wire["routing"] == {
        "token": "two/0",
        "target": "http://c.n.svc",
        "percent": 10,
        "timeoutSeconds": 1.0,
    }
    assert control.read_request(control.encode(asked)) == asked
    del wire["version"]
    assert control.read_request(json.dumps(wire).encode()).routing == routing
    assert control.read_request(b'{"routing": null, "since": 5}').since == 5


def test_serving_loads_neither_pydantic_nor_the_api_for_it() -> None:
    code = "import sys, plumbline.contract.control; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = said.stdout.split()
    assert not [name for name in loaded if name.startswith(("pydantic", "plumbline.api"))]

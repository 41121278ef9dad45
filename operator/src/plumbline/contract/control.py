"""The pull of a serving pod's counts: the operator's request to `/control`, and the pod's reply.

Servers keep the image with which they were rolled out, so an operator meets older and newer ones.
A reply without a version is version 0. A reader reads all versions up to its own: keys that a later
version added have a default, and unknown keys are ignored. If a later server must change the
meaning of a key, it answers in the newest version that the request says it can read.

This uses msgspec, not pydantic, which would add half a second to the start of a model server.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

VERSION = 1
# Upper bounds of the latency buckets in seconds, for servers that do not send theirs.
LATENCY_BOUNDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
Number = Annotated[int, Meta(ge=0, le=2**53)]
# Servers count the rows of a span in 32 bits.
Rows = Annotated[int, Meta(ge=0, lt=2**32)]
MOST_ROUTINGS = 64
# A server keeps some 6,500 spans, of a month; the operator adds each one up on its event loop.
MOST_SPANS = 2**14


class Unreadable(ValueError):
    """A request or a reply that cannot be read; the message says what is wrong."""


class Routing(Struct, frozen=True, kw_only=True, rename="camel"):
    """The share of requests that a pod forwards, and where to.

    Attributes:
        token: name of this routing; pods count its stable and canary requests under this name.
        target: address of the pods that answer the share.
        percent: the share.
        timeout_seconds: how long to wait before the pod answers the request itself.
    """

    token: str
    target: str
    percent: Annotated[int, Meta(ge=0, le=100)] = 0
    timeout_seconds: float = 1.0


class ControlRequest(Struct, frozen=True, kw_only=True):
    """The operator's request, once a second.

    Attributes:
        routing: what the pod must forward from now on; None for nothing.
        since: second of the epoch after which counts are requested; if negative, that many seconds
            ago.
        version: newest version of a reply that the operator reads.
    """

    routing: Routing | None = None
    since: int = 0
    version: int = 0


class Span(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Rows that came in a span of time: a second, or for older rows a minute or an hour.

    A key is one letter in JSON, because a reply has thousands of them.

    Attributes:
        start: `e`, its first second, of the epoch.
        length: `s`, its number of seconds; left out if it is one.
        rows: number of rows.
        cells: `i`, the cells of the model's reference that have rows; see `stats.bins.Layout`.
        counts: `c`, rows in each of these cells.
        violations: `v`, rows that break a rule of the schema, by `column/rule`.
    """

    start: Number = field(name="e")
    length: Annotated[int, Meta(ge=1, le=2**53)] = field(name="s", default=1)
    rows: Rows
    cells: list[Number] = field(name="i")
    counts: list[Rows] = field(name="c")
    violations: dict[str, Rows] = field(name="v")

    def __post_init__(self) -> None:
        """Refuse counts without a cell, and cells without a count."""
        if len(self.cells) != len(self.counts):
            found = f"{len(self.cells)} cells, but {len(self.counts)} counts"
            raise ValueError(f"the reply is damaged: it has {found}")


Spans = Annotated[list[Span], Meta(max_length=MOST_SPANS)]


class Arm(Struct, frozen=True, kw_only=True):
    """Requests of one side of a comparison.

    Attributes:
        requests: requests sent to it.
        errors: requests that failed (5xx, refused, late or cut).
        fallbacks: of these, requests that the stable model answered instead of the canary.
        latency: requests by latency: one count for each bucket, and one above the last bound.
    """

    requests: Number = 0
    errors: Number = 0
    fallbacks: Number = 0
    latency: tuple[Number, ...] = ()


class Arms(Struct, frozen=True, kw_only=True):
    """The two sides of one routing."""

    stable: Arm = Arm()
    canary: Arm = Arm()


class Totals(Arm, frozen=True, kw_only=True):
    """All requests of a process.

    Attributes:
        rows: rows predicted.
        lost: rows that came too fast to be counted.
        forgotten: rows that were removed because they were older than the oldest span.
    """

    rows: Number = 0
    lost: Number = 0
    forgotten: Number = 0


class ControlReply(Struct, frozen=True, kw_only=True, rename="camel"):
    """The counts of one serving process since it started.

    Attributes:
        boot: identifies this start of the process; after another start, counts begin at 0.
        now: the pod's clock, in seconds of the epoch.
        started: when the process started, by the same clock.
        through: last second of `seconds`; up to it, the counts are complete.
        seconds: rows after the requested second, oldest first.
        begun: rows of seconds that have not ended.
        ended: whether the last row has come.
        routing: token of the routing that the pod uses.
        arms: counts by token.
        version: of this format; 0 for servers that do not send it.
    """

    boot: str
    now: Number
    started: Number
    through: Number
    seconds: Spans = []
    begun: Spans = []
    ended: bool = False
    identity: str = ""
    routing: str | None = None
    arms: Annotated[dict[str, Arms], Meta(max_length=MOST_ROUTINGS)] = {}
    latency_bounds: tuple[float, ...] = LATENCY_BOUNDS
    totals: Totals = Totals()
    version: int = 0

    def __post_init__(self) -> None:
        """Refuse latencies that do not match the number of buckets."""
        for each in (side for pair in self.arms.values() for side in (pair.stable, pair.canary)):
            if each.latency and len(each.latency) != len(self.latency_bounds) + 1:
                found = f"{len(each.latency)} latencies, but {len(self.latency_bounds)} bounds"
                raise ValueError(f"the reply is damaged: it has {found}")


class _Head(Struct):
    version: int = 0


encode = msgspec.json.Encoder().encode
_request = msgspec.json.Decoder(ControlRequest)
_reply, _head = msgspec.json.Decoder(ControlReply), msgspec.json.Decoder(_Head)


def read_request(content: bytes) -> ControlRequest:
    """Return the request.

    Raises:
        Unreadable: it is not a request.
    """
    try:
        return _request.decode(content)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from error


def read_reply(content: bytes) -> ControlReply:
    """Return a pod's reply.

    Raises:
        Unreadable: it is not a reply, or has a newer version than this release reads.
    """
    try:
        version = _head.decode(content).version
        if version <= VERSION:
            return _reply.decode(content)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from error
    raise Unreadable(
        f"its format is version {version}; this operator reads versions up to {VERSION}"
    )

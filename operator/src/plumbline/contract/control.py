"""The pull of a serving pod's counts: the operator's request to `/control`, and the pod's reply.

Servers keep the image with which they were rolled out, so an operator meets older and newer ones.
A reply without a version is version 0. A reader reads all versions up to its own: keys that a later
version added have a default, and unknown keys are ignored. If a later server must change the
meaning of a key, it replies in the newest version that the operator reads, as its request says.

This uses msgspec, not pydantic, which would add half a second to the start of a model server.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

VERSION = 1
# Upper bounds of the latency buckets in seconds, from a millisecond to a minute. Each is 15 % above
# the one before, so latencies are known to 15 %. Counts of the same buckets can be added up.
LATENCY_BOUNDS = tuple(round(0.001 * 1.15**n, 6) for n in range(80))
# The bounds of the first release, whose replies have no `latencyBounds`.
FIRST_LATENCY_BOUNDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
NonNegative = Annotated[int, Meta(ge=0, le=2**53)]
# Servers count the rows of a span in 32 bits.
Rows = Annotated[int, Meta(ge=0, lt=2**32)]
# Twice as many as a server reports (`serving.request_stats`).
MOST_ROUTINGS = 64
# A month has about 6,500 spans. The limit bounds the work on the operator's event loop.
MOST_SPANS = 2**14


class UnreadableMessage(ValueError):
    """A request or a reply that cannot be read; the message says what is wrong."""


class Routing(Struct, frozen=True, kw_only=True, rename="camel"):
    """The share of requests that a pod forwards, and where to.

    Attributes:
        routing_id: name of this routing (`token` on the wire); pods count its requests under it.
        target: address of the pods that answer the share.
        percent: the share, in percent of the requests.
        timeout_seconds: how long to wait before the pod answers the request itself.
    """

    routing_id: str = field(name="token")
    target: str
    percent: Annotated[int, Meta(ge=0, le=100)] = 0
    timeout_seconds: float = 1.0


class ControlRequest(Struct, frozen=True, kw_only=True):
    """The operator's request, once a second.

    Attributes:
        routing: what the pod must forward from now on; None for nothing.
        since: second of the epoch after which counts are requested; -60 means 60 seconds ago.
        version: newest version of a reply that the operator reads.
    """

    routing: Routing | None = None
    since: int = 0
    version: int = 0


class Span(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Counts of the rows of one second, or for older rows of one minute or hour.

    In JSON most keys have one letter, because a reply can have thousands of spans.

    Attributes:
        start: `e` in JSON: its first second, of the epoch.
        length: `s`: its number of seconds; left out if it is one.
        rows: number of rows.
        cells: `i`: the cells of the model's reference that have rows; see `stats.bins.Layout`.
        counts: `c`: number of rows in each of these cells.
        violations: `v`: number of rows that break a rule of the schema, by `column/rule`.
    """

    start: NonNegative = field(name="e")
    length: Annotated[int, Meta(ge=1, le=2**53)] = field(name="s", default=1)
    rows: Rows
    cells: list[NonNegative] = field(name="i")
    counts: list[Rows] = field(name="c")
    violations: dict[str, Rows] = field(name="v")

    def __post_init__(self) -> None:
        """Refuse counts without a cell, and cells without a count."""
        if len(self.cells) != len(self.counts):
            found = f"{len(self.cells)} cells, but {len(self.counts)} counts"
            raise ValueError(f"the reply is damaged: it has {found}")


Spans = Annotated[list[Span], Meta(max_length=MOST_SPANS)]


class Arm(Struct, frozen=True, kw_only=True):
    """The requests that one model got during a rollout.

    Attributes:
        requests: requests sent to it.
        errors: those that failed: status 5xx, connection refused, answer late or incomplete.
        fallbacks: those of the errors that the stable model answered instead of the canary.
        latency: number of requests in each bucket of latency; the last bucket has no bound.
    """

    requests: NonNegative = 0
    errors: NonNegative = 0
    fallbacks: NonNegative = 0
    latency: tuple[NonNegative, ...] = ()


class Arms(Struct, frozen=True, kw_only=True):
    """The requests of both models under one routing."""

    stable: Arm = Arm()
    canary: Arm = Arm()


class Totals(Arm, frozen=True, kw_only=True):
    """All requests of a process.

    Attributes:
        rows: rows predicted.
        lost: rows that were not counted, because they came too fast.
        forgotten: rows whose counts were dropped, because they were older than the oldest span.
    """

    rows: NonNegative = 0
    lost: NonNegative = 0
    forgotten: NonNegative = 0


class ControlReply(Struct, frozen=True, kw_only=True, rename="camel"):
    """The counts of one serving process since it started.

    Attributes:
        boot: id of this start of the process; counts begin at 0 at each start.
        now: the pod's clock, in seconds of the epoch.
        started: when the process started, by the same clock.
        through: last second of `spans`; up to it, the counts are complete.
        spans: rows after the requested second, oldest first (`seconds` on the wire).
        open_spans: rows of seconds that are not over yet (`begun` on the wire).
        is_last: whether the pod will count no more rows (`ended` on the wire).
        identity: hash of the model, the image and the settings that the pod serves.
        routing_id: the routing that the pod follows (`routing` on the wire).
        arms: counts of requests by `routing_id`.
        version: of this format; 0 for servers that do not send it.
    """

    boot: str
    now: NonNegative
    started: NonNegative
    through: NonNegative
    spans: Spans = field(name="seconds", default_factory=list)
    open_spans: Spans = field(name="begun", default_factory=list)
    is_last: bool = field(name="ended", default=False)
    identity: str = ""
    routing_id: str | None = field(name="routing", default=None)
    arms: Annotated[dict[str, Arms], Meta(max_length=MOST_ROUTINGS)] = {}
    latency_bounds: tuple[float, ...] = FIRST_LATENCY_BOUNDS
    totals: Totals = Totals()
    version: int = 0

    def __post_init__(self) -> None:
        """Refuse latencies that do not match the number of buckets."""
        for each in (arm for pair in self.arms.values() for arm in (pair.stable, pair.canary)):
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
        UnreadableMessage: it is not a request.
    """
    try:
        return _request.decode(content)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UnreadableMessage(str(error)) from error


def read_reply(content: bytes) -> ControlReply:
    """Return a pod's reply.

    Raises:
        UnreadableMessage: it is not a reply, or has a newer version than this release reads.
    """
    try:
        version = _head.decode(content).version
        if version <= VERSION:
            return _reply.decode(content)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UnreadableMessage(str(error)) from error
    raise UnreadableMessage(
        f"its format is version {version}; this operator reads versions up to {VERSION}"
    )

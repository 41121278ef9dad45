"""The pull of a serving pod's counts: what the operator asks at `/control`, and the pod's reply.

Servers keep the image that they were recorded with, so an operator meets older and newer ones.
A reply without a version is version 0. A reader takes every version up to its own: what a later
version added has a default, and what it does not know it passes over. A server that would change
the meaning of a key answers in the newest version that the asker reads.

msgspec only: a model server that loaded pydantic for this would start half a second later.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

VERSION = 1
# Upper bounds of the latency buckets in seconds, of servers that do not say theirs.
LATENCY_BOUNDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
Number = Annotated[int, Meta(ge=0, le=2**53)]
# Rows of one span are added up in 32 bits.
Rows = Annotated[int, Meta(ge=0, lt=2**32)]
MOST_ROUTINGS = 64


class Unreadable(ValueError):
    """A request or a reply that is not of this contract; the message says what is wrong."""


class Routing(Struct, frozen=True, kw_only=True, rename="camel"):
    """The share of requests that a pod forwards, and where to.

    Attributes:
        token: name of this routing; pods count both arms under it.
        target: address of the pods that answer the share.
        percent: the share.
        timeout_seconds: how long to wait before the pod answers itself.
    """

    token: str
    target: str
    percent: Annotated[int, Meta(ge=0, le=100)] = 0
    timeout_seconds: float = 1.0


class ControlRequest(Struct, frozen=True, kw_only=True):
    """What the operator asks, once a second.

    Attributes:
        routing: what the pod is to forward from now on; None for nothing.
        since: seconds of the epoch: tell what came after it. When negative: so many seconds ago.
        version: newest version of a reply that the asker reads.
    """

    routing: Routing | None = None
    since: int = 0
    version: int = 0


class Span(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Rows that came in a span of time: a second, or a minute or an hour of what is long ago.

    A key is one letter on the wire, since a reply holds thousands of them.

    Attributes:
        start: `e`, its first second, of the epoch.
        length: `s`, its seconds; left out where it is one.
        rows: rows that came.
        cells: `i`, cells of the model's reference that hold rows; see `stats.bins.Layout`.
        counts: `c`, rows in each of these cells.
        violations: `v`, rows that break a rule of the schema, by `column/rule`.
    """

    start: int = field(name="e")
    length: Annotated[int, Meta(ge=1)] = field(name="s", default=1)
    rows: Rows
    cells: list[Number] = field(name="i")
    counts: list[Rows] = field(name="c")
    violations: dict[str, Rows] = field(name="v")

    def __post_init__(self) -> None:
        """Refuse counts of which nobody knows the cells."""
        if len(self.cells) != len(self.counts):
            raise ValueError(f"{len(self.cells)} cells have {len(self.counts)} counts")


class Arm(Struct, frozen=True, kw_only=True):
    """Requests of one side of a comparison.

    Attributes:
        requests: requests sent to it.
        errors: requests that it failed (5xx, refused, late or cut).
        fallbacks: of these, requests that the stable model answered in its stead.
        latency: requests by latency: one count a bucket of the latency bounds, and one above.
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
        rows: rows answered.
        lost: rows that came too fast to be counted.
        forgotten: rows that were older than everything that is kept.
    """

    rows: Number = 0
    lost: Number = 0
    forgotten: Number = 0


class ControlReply(Struct, frozen=True, kw_only=True, rename="camel"):
    """What one serving process has counted since it started.

    Attributes:
        boot: names this start of the process; counts begin anew with another one.
        now: the pod's clock, in seconds of the epoch.
        started: when the process started, by the same clock.
        through: last second that `seconds` tells of; all that came before is told.
        seconds: what came after the second that was asked from, oldest first.
        begun: what came in seconds that have not ended.
        ended: no row will come any more.
        routing: token of the routing that the pod has taken over.
        arms: counts by token.
        version: of this format; a reply of a server that knows none is of version 0.
    """

    boot: str
    now: int
    started: int
    through: int
    seconds: list[Span] = []
    begun: list[Span] = []
    ended: bool = False
    identity: str = ""
    routing: str | None = None
    arms: Annotated[dict[str, Arms], Meta(max_length=MOST_ROUTINGS)] = {}
    latency_bounds: tuple[float, ...] = LATENCY_BOUNDS
    totals: Totals = Totals()
    version: int = 0

    def __post_init__(self) -> None:
        """Refuse latencies that fit no bucket."""
        for each in (side for pair in self.arms.values() for side in (pair.stable, pair.canary)):
            if each.latency and len(each.latency) != len(self.latency_bounds) + 1:
                raise ValueError(
                    f"{len(each.latency)} latencies for {len(self.latency_bounds)} bounds"
                )


class _Head(Struct):
    version: int = 0


encode = msgspec.json.Encoder().encode
_request = msgspec.json.Decoder(ControlRequest)
_reply, _head = msgspec.json.Decoder(ControlReply), msgspec.json.Decoder(_Head)


def read_request(content: bytes) -> ControlRequest:
    """Return what was asked.

    Raises:
        Unreadable: it is no request.
    """
    try:
        return _request.decode(content)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from error


def read_reply(content: bytes) -> ControlReply:
    """Return a pod's reply.

    Raises:
        Unreadable: it is none, or its version is newer than what can be read here.
    """
    try:
        version = _head.decode(content).version
        if version <= VERSION:
            return _reply.decode(content)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from error
    raise Unreadable(f"its format is version {version}, this operator reads up to {VERSION}")

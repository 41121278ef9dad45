"""The admin port: probes, metrics and the pulls of the operator.

It has its own thread and event loop, so that load on the data port does not delay the probes.
"""

import threading
import time
import uuid
from collections.abc import Callable, Mapping

import msgspec

from plumbline.contract import control
from plumbline.contract.control import LATENCY_BOUNDS, ControlReply, Routing
from plumbline.serving.app import App, Scope, Send
from plumbline.serving.body import Body, Receive, Room
from plumbline.serving.counts import Counts
from plumbline.serving.errors import RequestError
from plumbline.serving.request_stats import Arm, RequestStats

CONTROL_LIMIT, PULLED_SECONDS, LAST_PULL_SECONDS = 65_536, 5.0, 3.0


class Admin:
    """Answers Kubernetes, Prometheus and the operator."""

    def __init__(
        self,
        *,
        identity: str,
        app: App,
        counts: Counts,
        request_stats: RequestStats,
        on_loop: Callable[[Callable[[], None]], object],
    ) -> None:
        """Report on `app`; `on_loop` runs a function on the event loop of the data port."""
        self._identity, self._app, self._counts, self._request_stats = (
            identity,
            app,
            counts,
            request_stats,
        )
        self._on_loop = on_loop
        self._boot, self._started = uuid.uuid4().hex, int(time.time())
        self._pulled, self._reported_all = -PULLED_SECONDS, threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        status, kind, body = await self._answer(scope, receive)
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        if self._counts.ended and scope["path"] == "/control":
            self._reported_all.set()

    def wait_for_last_pull(self) -> None:
        """Wait for a pull after the last row, so that no count is lost; not if nobody pulls."""
        if time.monotonic() - self._pulled < PULLED_SECONDS:
            self._reported_all.wait(LAST_PULL_SECONDS)

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes, bytes]:
        text, json = b"text/plain; charset=utf-8", b"application/json"
        match scope["method"], scope["path"]:
            case "GET", "/livez":
                return 200, text, b"ok"
            case "GET", "/readyz":
                draining = self._app.draining
                return (503 if draining else 200), text, b"draining" if draining else b"ok"
            case "GET", "/metrics":
                return 200, text, self._metrics().encode()
            case "POST", "/control":
                return await self._control(receive)
            case _:
                return (
                    404,
                    json,
                    b'{"error": "Not found. See /livez, /readyz, /metrics and /control."}',
                )

    async def _control(self, receive: Receive) -> tuple[int, bytes, bytes]:
        """Apply the routing of the request, and reply with the counts."""
        try:
            body = await Body({}, receive, Room()).read(limit=CONTROL_LIMIT)
            asked = control.read_request(body)
        except (RequestError, control.UnreadableMessage) as error:
            return (
                400,
                b"application/json",
                msgspec.json.encode({"error": f"{str(error).rstrip('. ')}."}),
            )
        self._pulled = time.monotonic()
        routing = asked.routing if asked.routing and asked.routing.percent else None
        if routing != self._app.forwarder.routing:
            self._on_loop(lambda: self._app.forwarder.follow(routing))
        return 200, b"application/json", control.encode(self._reply(routing, asked.since))

    def _reply(self, routing: Routing | None, since: int) -> ControlReply:
        through, spans = self._counts.since(since)
        arms = list(self._request_stats.arms.items())
        return ControlReply(
            version=control.VERSION,
            boot=self._boot,
            identity=self._identity,
            now=int(time.time()),
            started=self._started,
            routing_id=routing.routing_id if routing else None,
            arms={routing_id: _pair(pair) for routing_id, pair in arms},
            latency_bounds=LATENCY_BOUNDS,
            totals=self._totals(),
            is_last=self._counts.ended,
            through=through,
            spans=spans,
            open_spans=self._counts.begun(),
        )

    def _totals(self) -> control.Totals:
        total = self._request_stats.total
        return control.Totals(
            requests=total.requests,
            errors=total.errors,
            fallbacks=total.fallbacks,
            rows=self._request_stats.rows,
            lost=self._counts.lost,
            forgotten=self._counts.history.forgotten,
        )

    def _metrics(self) -> str:
        """Return the counts in Prometheus' text format."""
        # Without prometheus-client: its import takes 16 ms and 1.3 MB (7 % and 3 % of the server's
        # import; medians of 5), and would save only the thirty lines below.
        request_stats = self._request_stats
        by_code = {f'{{code="{code}"}}': n for code, n in sorted(request_stats.by_code.items())}
        identity = {f'{{identity="{self._identity}"}}': 1}
        parts = (
            _metric(
                "plumbline_requests_total", "counter", "Requests of clients by HTTP status", by_code
            ),
            _histogram(
                "plumbline_request_duration_seconds", "Duration of requests", request_stats.total
            ),
            _metric("plumbline_rows_total", "counter", "Rows predicted", {"": request_stats.rows}),
            _metric(
                *("plumbline_rows_uncounted_total", "counter"),
                *("Live rows that the drift test could not use", {"": self._counts.lost}),
            ),
            _metric(
                *("plumbline_requests_in_flight", "gauge"),
                *("Requests being answered", {"": request_stats.in_flight}),
            ),
            _metric("plumbline_model_info", "gauge", "Identity of the model that serves", identity),
        )
        return "".join(f"{line}\n" for part in parts for line in part)


def _pair(pair: tuple[Arm, Arm]) -> control.Arms:
    return control.Arms(stable=pair[0].report(), canary=pair[1].report())


def _metric(name: str, kind: str, help_: str, values: Mapping[str, float]) -> list[str]:
    """Return the lines of a metric; the keys of `values` are suffixes of its name."""
    samples = [f"{name}{suffix} {value}" for suffix, value in values.items()]
    return [f"# HELP {name} {help_}", f"# TYPE {name} {kind}", *samples]


def _histogram(name: str, help_: str, arm: Arm) -> list[str]:
    reached, values = 0, dict[str, float]()
    for bound, count in zip((*arm.bounds, "+Inf"), arm.latency, strict=True):
        reached += count
        values[f'_bucket{{le="{bound}"}}'] = reached
    return _metric(name, "histogram", help_, {**values, "_sum": arm.seconds, "_count": reached})

"""The serving process: two ports, a thread that counts, and draining that loses no request.

After SIGTERM the server is not ready, but accepts requests for some seconds more, because proxies
learn of it late. It closes each connection after its answer. Then it stops listening and finishes
the requests under way. At last it waits for the operator to pull the last counts.
"""

import asyncio
import signal
import threading
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from plumbline.contract import layout
from plumbline.log import get_logger
from plumbline.serving.admin import Admin
from plumbline.serving.app import App
from plumbline.serving.connection import Connection
from plumbline.serving.counts import Counts
from plumbline.serving.engines import load
from plumbline.serving.predictor import Predictor, check_sample
from plumbline.serving.request_stats import RequestStats

# Draining and finishing must fit into the pod's grace period, after which Kubernetes kills it.
FINISH_SECONDS = 15
log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to serve.

    Attributes:
        model: directory of the compiled model.
        name: name of the model in the protocol.
        identity: rollout identity, shown as the model's version.
        drain_seconds: how long to accept requests after SIGTERM.
    """

    model: Path
    name: str
    identity: str
    port: int = layout.DATA_PORT
    admin_port: int = layout.ADMIN_PORT
    host: str = "0.0.0.0"  # noqa: S104 - a pod's own address
    drain_seconds: float = layout.DRAIN_SECONDS


def run(options: Options) -> None:
    """Serve until SIGTERM.

    Raises:
        ModelError: the model cannot be served.
    """
    model = load(options.model)
    check_sample(model)
    counts, request_stats = Counts(model.content), RequestStats()
    app = App(
        name=options.name,
        identity=options.identity,
        predictor=Predictor(model),
        counts=counts,
        request_stats=request_stats,
    )
    stop = threading.Event()
    counting = threading.Thread(target=counts.run, args=(stop,), daemon=True)
    counting.start()
    log.info("serving", model=options.name, identity=options.identity, port=options.port)
    asyncio.run(_serve(options, app, counts, request_stats))
    stop.set()
    counting.join(timeout=5)


async def _serve(options: Options, app: App, counts: Counts, request_stats: RequestStats) -> None:
    loop = asyncio.get_running_loop()
    admin = Admin(
        identity=options.identity,
        app=app,
        counts=counts,
        request_stats=request_stats,
        on_loop=loop.call_soon_threadsafe,
    )
    beside = _Server(_config(admin, options, options.admin_port))
    answering = threading.Thread(target=beside.run, daemon=True)
    answering.start()
    server = _Server(_config(app, options, options.port))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: _drain(loop, app, server, options.drain_seconds))
    await server.serve()
    await app.forwarder.close()
    counts.finish()
    await asyncio.to_thread(admin.wait_for_last_pull)
    beside.should_exit = True
    # An event loop that still runs while the interpreter shuts down can crash the process.
    await asyncio.to_thread(answering.join, 5.0)


def _drain(loop: asyncio.AbstractEventLoop, app: App, server: "_Server", seconds: float) -> None:
    """Report not ready now, and stop listening after some seconds."""
    if app.draining:
        return
    log.info("SIGTERM received; draining", seconds=seconds)
    app.draining = True
    loop.call_later(seconds, setattr, server, "should_exit", True)


class _Server(uvicorn.Server):
    """A uvicorn server without handlers of signals: draining comes first."""

    def install_signal_handlers(self) -> None:
        """Leave signals alone."""

    def capture_signals(self):  # type: ignore[no-untyped-def]
        """Leave signals alone."""
        import contextlib

        return contextlib.nullcontext()


def _config(app: App | Admin, options: Options, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=options.host,
        port=port,
        loop="uvloop",
        http=Connection,
        lifespan="off",
        ws="none",
        access_log=False,
        log_config=None,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=FINISH_SECONDS,
        server_header=False,
    )

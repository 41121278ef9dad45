"""The serving process: two ports, a thread that counts, and an end that loses no request.

When told to end it is no longer ready but goes on accepting for some seconds, and closes each
connection with its answer; only then does it stop listening, and finishes what is under way. At
last it waits a moment for the operator to pull the last counts.
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

# With the drain well within the pod's grace: a client that never ends must not have it killed.
FINISH_SECONDS = 15
log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to serve.

    Attributes:
        model: directory of the compiled model.
        name: name of the model in the protocol.
        identity: rollout identity, shown as the model's version.
        drain_seconds: how long to go on accepting after having been told to end.
    """

    model: Path
    name: str
    identity: str
    port: int = layout.DATA_PORT
    admin_port: int = layout.ADMIN_PORT
    host: str = "0.0.0.0"  # noqa: S104 - a pod's own address
    drain_seconds: float = layout.DRAIN_SECONDS


def run(options: Options) -> None:
    """Serve until told to end.

    Raises:
        ModelError: the model cannot be served.
    """
    model = load(options.model)
    check_sample(model)
    counts, tally = Counts(model.content), RequestStats()
    app = App(
        name=options.name,
        identity=options.identity,
        predictor=Predictor(model),
        counts=counts,
        tally=tally,
    )
    stop = threading.Event()
    counting = threading.Thread(target=counts.run, args=(stop,), daemon=True)
    counting.start()
    log.info("serving", model=options.name, identity=options.identity, port=options.port)
    asyncio.run(_serve(options, app, counts, tally))
    stop.set()
    counting.join(timeout=5)


async def _serve(options: Options, app: App, counts: Counts, tally: RequestStats) -> None:
    loop = asyncio.get_running_loop()
    admin = Admin(
        identity=options.identity,
        app=app,
        counts=counts,
        tally=tally,
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
    # A loop that still runs while Python takes itself down can end the process with a crash.
    await asyncio.to_thread(answering.join, 5.0)


def _drain(loop: asyncio.AbstractEventLoop, app: App, server: "_Server", seconds: float) -> None:
    """Stop being ready now, and stop listening after some seconds."""
    if app.draining:
        return
    log.info("told to end: draining", seconds=seconds)
    app.draining = True
    loop.call_later(seconds, setattr, server, "should_exit", True)


class _Server(uvicorn.Server):
    """A uvicorn server whose signals are ours."""

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

"""The operator's process: settings, log, leader election, and a clean end in all cases."""

import asyncio
import gc
import logging
import os
import signal

import uvloop

from plumbline.kube.client import Client
from plumbline.kube.config import ConfigError, Connection, connection
from plumbline.kube.lease import Election, LostLease
from plumbline.log import get_logger
from plumbline.log_lines import configure
from plumbline.shell.deadline import Deadline
from plumbline.shell.metrics import Metrics
from plumbline.shell.operator import Operator
from plumbline.shell.probes import Probes
from plumbline.shell.settings import ProcessSettings, SettingsError, from_environment

LEASE = "plumbline-operator"
log = get_logger(__name__)


def main() -> int:
    """Run the operator until SIGTERM; return 2 when it cannot start."""
    configure(os.environ)
    # Kopf warns that it handles no signals, but here the main thread handles them.
    logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)
    try:
        settings, server = from_environment(), connection()
    except (SettingsError, ConfigError) as error:
        log.error("the operator cannot start", error=error)
        return 2
    _collect_rarely()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(settings, server, Metrics()))


def _collect_rarely() -> None:
    """Make full garbage collections rare: the cache is large, and little in it is garbage."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


async def _run(settings: ProcessSettings, server: Connection, metrics: Metrics) -> int:
    """Lead when elected; return 0 after SIGTERM, 1 when the Lease was lost or a part failed."""
    # The Lease has its own connections: many other requests must not delay its renewal.
    voter = Client(server, on_request=metrics.requested)
    election = Election(voter, namespace=settings.namespace, name=LEASE, identity=settings.identity)
    client = Client(server, on_request=metrics.requested, may_write=election.leads)
    deadline = Deadline()
    operator = Operator(
        settings=settings, client=client, connection=server, metrics=metrics, on_end=deadline.start
    )
    probes = Probes(metrics=metrics, trouble=operator.trouble, missing=operator.missing)
    await probes.start(probe_port=settings.probe_port, metrics_port=settings.metrics_port)
    async with voter, client:
        work = asyncio.create_task(_lead(election, operator, metrics))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, work.cancel)
        code = await _ended(work)
        await election.release()
    await probes.stop()
    return code


async def _lead(election: Election, operator: Operator, metrics: Metrics) -> None:
    """Wait until this replica leads, then work for as long as it does."""
    await election.acquire()
    metrics.leading.set(1)
    async with asyncio.TaskGroup() as group:
        group.create_task(election.keep())
        group.create_task(operator.run())


async def _ended(work: "asyncio.Task[None]") -> int:
    """Return 0 after SIGTERM, 1 when the Lease was lost or a part failed."""
    try:
        await work
    except asyncio.CancelledError:
        return 0
    except BaseExceptionGroup as group:
        if lost := group.subgroup(LostLease):
            log.error("this replica no longer leads", error=lost.exceptions[0])
        else:
            log.exception("a part of the operator failed", group)
    return 1

"""One operator's figures: N lifecycles from creation to rest, then a start with all of it done."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from plumbline.kube.config import Connection

from tests.perf.control_plane import process, server_counts
from tests.perf.control_plane.driver import NAMESPACE, Driver

SECONDS_FOR_A_RUN = 1.0


@dataclass(frozen=True, kw_only=True)
class Contender:
    """An operator to measure.

    Attributes:
        words: what Python is to run.
        environment: its variables.
        plans_data: whether the Dataset must become ready first.
    """

    name: str
    words: list[str]
    environment: dict[str, str]
    plans_data: bool


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What was measured; `asked` holds the operator's requests of all runs by verb and resource."""

    name: str
    runs: int
    cpu_seconds: float
    wall_seconds: float
    peak_mb: float
    idle_share: float
    asked: server_counts.Counts
    again_cpu_seconds: float
    again_wall_seconds: float
    again_peak_mb: float
    again_writes: int
    again_changed: int

    @property
    def cpu(self) -> float:
        """CPU seconds a run."""
        return self.cpu_seconds / self.runs

    @property
    def requests(self) -> float:
        """Requests a run, watches and lists included."""
        return self.asked.total() / self.runs

    @property
    def writes(self) -> float:
        """Writes a run."""
        return server_counts.writes(self.asked) / self.runs


async def measure(
    contender: Contender, connection: Connection, folder: Path, runs: int
) -> tuple[Figures, Driver]:
    """Measure one operator; the driver it returns knows the Jobs that were made."""
    driver = Driver(connection, folder / "store")
    log = folder / f"{contender.name.split()[0].lower()}.log"
    async with driver.client:
        first = await _first(contender, driver, connection, log, runs)
        before = await driver.versions()
        again = await _again(contender, connection, log)
        after = await driver.versions()
    changed = sum(before.get(uid) != version for uid, version in after.items())
    figures = Figures(name=contender.name, runs=runs, again_changed=changed, **first, **again)
    return figures, driver


async def _first(
    contender: Contender, driver: Driver, connection: Connection, log: Path, runs: int
) -> dict[str, object]:
    """Let the runs live from their creation to their end."""
    with process.running(contender.words, log, contender.environment) as operator:
        async with _finishing(driver):
            await driver.prepare()
            while contender.plans_data and not await driver.ready():
                operator.check()
                await asyncio.sleep(0.5)
            cpu = await asyncio.to_thread(operator.settle)
            driver.asked.clear()
            counts, started = server_counts.taken(connection), time.monotonic()
            await driver.create_runs(runs)
            await _all_finished(driver, operator, runs)
            wall = time.monotonic() - started
            cpu_after = await asyncio.to_thread(operator.settle)
            asked = server_counts.taken(connection) - counts
            _leave_out(asked, driver)
        return {
            "cpu_seconds": cpu_after - cpu,
            "wall_seconds": wall,
            "asked": asked,
            "idle_share": await asyncio.to_thread(operator.idle_share),
            "peak_mb": operator.peak_mb(),
        }


async def _again(contender: Contender, connection: Connection, log: Path) -> dict[str, object]:
    """Start the operator anew with everything finished, until it is quiet."""
    counts, started = server_counts.taken(connection), time.monotonic()
    with process.running(contender.words, log, contender.environment) as operator:
        cpu = await asyncio.to_thread(operator.settle)
        wall = time.monotonic() - started - process.QUIET_SECONDS
        writes = server_counts.writes(server_counts.taken(connection) - counts)
        return {
            "again_cpu_seconds": cpu,
            "again_wall_seconds": wall,
            "again_peak_mb": operator.peak_mb(),
            "again_writes": writes,
        }


@asynccontextmanager
async def _finishing(driver: Driver) -> AsyncIterator[None]:
    task = asyncio.create_task(driver.finish_jobs())
    try:
        yield
    finally:
        task.cancel()


async def _all_finished(driver: Driver, operator: process.Operator, runs: int) -> None:
    deadline = time.monotonic() + 120 + SECONDS_FOR_A_RUN * runs
    while left := await driver.unfinished():
        operator.check()
        if time.monotonic() > deadline:
            raise TimeoutError(f"{left} of {runs} runs in {NAMESPACE} have not ended")
        await asyncio.sleep(2)


def _leave_out(asked: server_counts.Counts, driver: Driver) -> None:
    """Take the driver's own requests out of the server's counts."""
    for (verb, resource), number in driver.asked.items():
        place = f"{resource}/status" if verb == "PUT" else resource
        listed = verb == "GET" and resource == "trainingruns"
        asked["LIST" if listed else verb, place] -= number

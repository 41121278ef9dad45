"""Runs the operator beside two hundred monitored models for a minute and prints the table.

Environment: PLUMBLINE_PERF_MONITORS (200), PLUMBLINE_PERF_SECONDS (60), PLUMBLINE_PERF_HISTORY
(300).
"""

import asyncio
import contextlib
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from plumbline.api.objects import Key
from plumbline.api.v1alpha1.model_deployment import MODEL_DEPLOYMENT

from tests.perf.evaluations import report, world
from tests.sim.fakeapi.backends import LEASE, Backend
from tests.sim.fakeapi.server import FakeApi
from tests.sim.shell import operator as sim
from tests.sim.shell.process import Process, free_port, process

USUAL = (200, 60, 300)
MONITORS = int(os.environ.get("PLUMBLINE_PERF_MONITORS", USUAL[0]))
SECONDS = int(os.environ.get("PLUMBLINE_PERF_SECONDS", USUAL[1]))
HISTORY = int(os.environ.get("PLUMBLINE_PERF_HISTORY", USUAL[2]))
RESULTS = Path(__file__).resolve().parents[1] / "results" / "evaluations.md"
EDITS, WARM_SECONDS = 20, 900.0
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Seen:
    """What is seen of the operator from outside.

    Attributes:
        renewed: times at which the Lease was renewed, as it says.
        cpu: CPU seconds of the operator, of the minute.
        wall: seconds of the minute.
        memory_mb: resident memory at its end.
    """

    renewed: set[str] = field(default_factory=set)
    started: float = 0.0
    cpu: float = 0.0
    wall: float = 0.0
    memory_mb: float = 0.0
    warm_seconds: float = 0.0
    renewed_warm: set[str] = field(default_factory=set)

    def gaps(self) -> list[float]:
        """Return the seconds between renewals, from the operator's start on."""
        times = sorted(datetime.fromisoformat(each) for each in self.renewed | self.renewed_warm)
        return [(b - a).total_seconds() for a, b in itertools.pairwise(times)]


async def run(folder: Path) -> report.Figures:
    """Measure once."""
    samples = folder / "samples.json"
    code = f"from tests.perf.evaluations import watched; watched.install({str(samples)!r})"
    port = free_port()
    with pods(folder, port):
        async with sim.world(bookmark_seconds=30.0) as (backend, api):
            served = world.served(folder)
            for key, manifest in world.objects(MONITORS, served, port):
                status = manifest.pop("status", {})
                api.store.create(key, manifest, with_status=True)
                api.store.merge(key, {"status": status}, part="status", with_status=True)
            async with process(folder, api, code=code, PYTHONPATH=str(Path.cwd())) as operator:
                seen = await watch(operator, backend, api)
                operator.signal(signal.SIGTERM)
                await operator.ended(seconds=60)
                log = operator.log
    return report.Figures(
        samples=json.loads(samples.read_text()),
        seen=seen,
        log=log,
        monitors=MONITORS,
        history=HISTORY,
    )


@contextlib.contextmanager
def pods(folder: Path, port: int) -> Iterator[None]:
    """Serve the pods' replies from a process of their own."""
    bodies = folder / "bodies.json"
    bodies.write_text(json.dumps(world.bodies()))
    words = ["-m", "tests.perf.evaluations.pods", str(bodies), str(port), str(HISTORY)]
    started = subprocess.Popen([sys.executable, *words])
    try:
        yield
    finally:
        started.kill()
        started.wait()


async def watch(operator: Process, backend: Backend, api: FakeApi) -> Seen:
    """Wait until every monitor has all its history, then look on for a minute."""
    seen, began = Seen(), time.monotonic()
    await operator.until_working()
    while (ready := await current(operator)) < MONITORS:
        spent = f"{time.monotonic() - began:.0f} s, {cpu(operator):.0f} s of CPU"
        print(f"{ready} of {MONITORS} know their history after {spent}", flush=True)
        if time.monotonic() - began > WARM_SECONDS:
            raise TimeoutError(f"{await current(operator)} of {MONITORS}: {operator.log[-2000:]}")
        for _ in range(5):  # a page of all metrics is dear
            seen.renewed_warm.add(_renewed(api))
            await asyncio.sleep(1)
    seen.warm_seconds = time.monotonic() - began
    seen.started, before = time.monotonic(), cpu(operator)
    for number in range(SECONDS):
        await edit(backend, number)
        seen.renewed.add(_renewed(api))
        await asyncio.sleep(max(0.0, seen.started + number + 1 - time.monotonic()))
    seen.cpu, seen.wall = cpu(operator) - before, time.monotonic() - seen.started
    seen.memory_mb = memory(operator)
    return seen


async def edit(backend: Backend, number: int) -> None:
    """Annotate some deployments, as users and controllers do."""
    places = [(number * EDITS + each) % MONITORS for each in range(EDITS)]
    patch = {"metadata": {"annotations": {"bench": str(number)}}}
    keys = [Key(MODEL_DEPLOYMENT, world.NAMESPACE, f"model-{place:03}") for place in places]
    await asyncio.gather(*(backend.client.merge(key, patch) for key in keys))


async def current(operator: Process) -> int:
    """Return how many monitors have been evaluated on all of their history."""
    _, page = await operator.asked("/metrics")
    rows = re.findall(r"^plumbline_drift_window_rows\{.*\} (\S+)$", page, flags=re.MULTILINE)
    return sum(float(each) >= 0.99 * min(HISTORY, 4096) * 50 for each in rows)


def _renewed(api: FakeApi) -> str:
    leases = [obj for key, obj in api.store.objects.items() if key.resource == LEASE]
    return str(leases[0]["spec"]["renewTime"])


def cpu(operator: Process) -> float:
    """Return the CPU seconds of all threads of the operator."""
    fields = Path(f"/proc/{operator.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(operator: Process) -> float:
    """Return its resident memory in MB."""
    lines = Path(f"/proc/{operator.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def main() -> int:
    """Measure, print the page, keep it when it was measured as it usually is."""
    with tempfile.TemporaryDirectory() as folder:
        page = report.page(asyncio.run(run(Path(folder))))
    print(page)
    if (MONITORS, SECONDS, HISTORY) == USUAL:
        RESULTS.write_text(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())

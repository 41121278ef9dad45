"""The operator's process, `python -m plumbline.shell`, against the fake API server."""

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import yaml

from tests.sim.fakeapi.server import FakeApi
from tests.sim.fakeapi.waiting import eventually


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Process:
    """A process of the operator: what it says, how it ends."""

    def __init__(
        self, process: asyncio.subprocess.Process, *, probes: int, metrics: int, log: Path
    ) -> None:
        self._process, self._probes, self._metrics, self._log = process, probes, metrics, log

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        return self._log.read_text()

    async def asked(self, path: str) -> tuple[int, str]:
        """Return what a request gets; 0 when nobody answers."""
        port = self._metrics if path == "/metrics" else self._probes
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{port}{path}") as answer,
            ):
                return answer.status, await answer.text()
        except aiohttp.ClientError:
            return 0, ""

    async def is_ready(self) -> bool:
        return await self.asked("/readyz") == (200, "ok")

    async def leads(self) -> bool:
        return "leader_election_master_status 1.0" in (await self.asked("/metrics"))[1]

    async def until_ready(self) -> None:
        await eventually(self.is_ready, seconds=60, why=lambda: self.log)

    async def until_working(self) -> None:
        """Wait until it leads, knows all that is and hears all that changes."""
        await eventually(self.leads, seconds=60, why=lambda: self.log)
        await self.until_ready()

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    async def ended(self, *, seconds: float = 30.0) -> tuple[int, float]:
        """Return the exit code, and how many seconds it took."""
        began = time.monotonic()
        try:
            code = await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            raise AssertionError(f"not ended within {seconds:g} s:\n{self.log}") from None
        return code, time.monotonic() - began

    async def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def process(
    folder: Path, api: FakeApi | None, *, name: str = "one", code: str = "", **settings: str | None
) -> AsyncIterator[Process]:
    """Run the operator as its pod does; `code` is run before it, in its process."""
    probes, metrics, log = free_port(), free_port(), folder / f"{name}.log"
    ports = {"PLUMBLINE_PROBE_PORT": str(probes), "PLUMBLINE_METRICS_PORT": str(metrics)}
    given = _environment(folder, api, name) | ports | settings
    environment = {k: v for k, v in given.items() if v is not None}
    start = (
        ["-c", f"{code}\nimport plumbline.shell.__main__"] if code else ["-m", "plumbline.shell"]
    )
    with log.open("wb") as output:
        started = await asyncio.create_subprocess_exec(
            sys.executable, *start, env=environment, stdout=output, stderr=output
        )
    found = Process(started, probes=probes, metrics=metrics, log=log)
    try:
        yield found
    finally:
        await found.kill()


def _environment(folder: Path, api: FakeApi | None, name: str) -> dict[str, str | None]:
    config = folder / "kubeconfig"
    server = api.connection().server if api else "http://127.0.0.1:9"
    config.write_text(
        yaml.safe_dump(
            {
                "current-context": "fake",
                "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "me"}}],
                "clusters": [{"name": "fake", "cluster": {"server": server}}],
                "users": [{"name": "me", "user": {}}],
            }
        )
    )
    return {
        "PATH": os.environ["PATH"],
        "KUBECONFIG": str(config),
        "POD_NAMESPACE": "system",
        "POD_NAME": name,
        "PLUMBLINE_TRAINER_IMAGE": "trainer:1",
        "PLUMBLINE_SERVER_IMAGE": "server:1",
        "PLUMBLINE_STORE_URL": f"file://{folder}/store/{{namespace}}",
        "PLUMBLINE_NAMESPACES": "here",
    }

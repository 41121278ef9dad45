"""An operator as a local process: its CPU and memory, as the kernel counts them."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
QUIET_SECONDS, QUIET_SHARE, LONGEST_SECONDS = 4.0, 0.03, 900.0


class Operator:
    """A running operator."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self._process, self._log = process, log

    def cpu_seconds(self) -> float:
        """Return the CPU time of all its threads since its start."""
        fields = self._read("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def peak_mb(self) -> float:
        """Return the largest resident memory so far."""
        lines = self._read("status").splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))

    def settle(self) -> float:
        """Wait until it has been quiet for some seconds; return the CPU seconds it had by then."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < deadline:
            before = self.cpu_seconds()
            time.sleep(QUIET_SECONDS)
            if self.cpu_seconds() - before < QUIET_SHARE * QUIET_SECONDS and before > 0.3:
                return before
        raise TimeoutError(f"the operator is not quiet; see {self._log}")

    def idle_share(self, seconds: float = 10.0) -> float:
        """Return the share of a core that it uses with nothing to do."""
        before = self.cpu_seconds()
        time.sleep(seconds)
        return (self.cpu_seconds() - before) / seconds

    def check(self) -> None:
        """Fail with the end of its log if it has ended."""
        if self._process.poll() is not None:
            raise RuntimeError(f"the operator has ended:\n{self._log.read_text()[-2000:]}")

    def _read(self, name: str) -> str:
        self.check()
        return Path(f"/proc/{self._process.pid}/{name}").read_text()


@contextlib.contextmanager
def running(words: list[str], log: Path, environment: Mapping[str, str]) -> Iterator[Operator]:
    """Run `python words...` until the block ends."""
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, *words],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env={**os.environ, **environment},
        )
    try:
        yield Operator(process, log)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

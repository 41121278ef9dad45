"""What the tests do to clusters of the test bed, and to the machine that they run on."""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.testbed.traces import KUBELETS_SETTINGS

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("PLUMBLINE_CACHE") or Path.home() / ".cache" / "plumbline")
FRESH = """
umount --quiet --recursive --lazy /run/netns || true
for folder in /run /var/lib /var/log /usr/libexec; do mount -t tmpfs fresh $folder; done
for setting in SETTINGS; do
  value=/run/$(basename $setting)
  echo 0 > $value
  mount --bind $value /proc/sys/$setting
done
echo ready
exec cat
"""


@dataclass(frozen=True)
class Machine:
    """This machine as programs see it.

    Attributes:
        home: home folder of those who use the test bed.
        inside: words before each command, that bring it into another view of the files.
    """

    home: Path
    inside: tuple[str, ...] = ()

    def run(self, *words: str | Path, stdin: str | None = None, **env: str) -> str:
        """Run a command and return what it printed; fail with what it complained about."""
        done = subprocess.run(
            [*self.inside, *map(str, words)],
            input=stdin,
            env={**os.environ, "HOME": str(self.home), "PLUMBLINE_CACHE": str(CACHE), **env},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(map(str, words))}: {done.stderr or done.stdout}"
        return done.stdout

    def traces(self, name: str) -> list[str]:
        """Return what is on the machine and does not belong to a cluster other than `name`."""
        script = Path(__file__).with_name("traces.py")
        lines = self.run("python3", script, name).splitlines()
        lines += [f"file {path}" for path in self.home.rglob("*")]
        return lines + [f"state {path.name}" for path in (CACHE / "state").glob(f"{name}*")]


@contextlib.contextmanager
def fresh(home: Path) -> Iterator[Machine]:
    """Yield a view of this machine's files in which no container program has ever run."""
    script = FRESH.replace("SETTINGS", " ".join(KUBELETS_SETTINGS))
    holder = ("unshare", "--mount", "sh", "-ec", script)
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(holder, **pipes) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == "ready\n"
        yield Machine(home, ("nsenter", "--mount", f"--target={process.pid}"))
        process.stdin.close()


@dataclass(frozen=True)
class Bed:
    """One cluster of the test bed."""

    machine: Machine
    name: str
    net: int
    nodes: int = 1

    @property
    def state(self) -> Path:
        """Where its state lies."""
        return CACHE / "state" / self.name

    def up(self) -> float:
        """Bring it up and return how many seconds that took."""
        started = time.monotonic()
        self._do("up", "--nodes", str(self.nodes))
        return time.monotonic() - started

    def down(self) -> None:
        """Take it down."""
        self._do("down")

    def _do(self, command: str, *words: str) -> None:
        which = ("--name", self.name, "--net", str(self.net))
        self.machine.run("python3", ROOT / "hack" / "testbed", command, *which, *words)

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        """Run kubectl as its administrator, without a trace in the home folder."""
        where = (f"--kubeconfig={self.state}/admin.kubeconfig", f"--cache-dir={self.state}/kubectl")
        return self.machine.run(CACHE / "bin" / "kubectl", *where, *words, stdin=stdin)

    def pid(self, part: str) -> int:
        """Return the process id of a part of it."""
        return int((self.state / "pid" / part).read_text())


def fetched(url: str) -> str:
    """Return what a URL answers, or nothing when nobody answers."""
    try:
        with urlopen(url, timeout=2) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def until(
    holds: Callable[[], Any],
    what: str,
    *,
    seconds: float = 60,
    why: Callable[[], str] = lambda: "",
) -> None:
    """Wait until something holds; fail with what `why` tells."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}: {why()}"
        time.sleep(0.2)

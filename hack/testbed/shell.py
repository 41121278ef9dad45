"""Runs commands, prints how long steps take, and waits for conditions."""

import contextlib
import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

SECONDS_OF_SILENCE = 30.0


class TestbedError(RuntimeError):
    """A step failed; the message says which and what to look at."""


def run(*words: str | Path, stdin: str | None = None, check: bool = True, **env: str) -> str:
    """Run a command and return its output.

    Raises:
        TestbedError: it failed; the message ends with what it said.
    """
    try:
        done = subprocess.run(
            [str(word) for word in words],
            input=stdin,
            capture_output=True,
            text=True,
            env={**os.environ, **env},
            check=False,
        )
    except FileNotFoundError as error:
        if check:
            raise TestbedError(f"{words[0]} is not installed. ({error})") from error
        return ""
    if check and done.returncode:
        told = (done.stderr or done.stdout).strip()[-2000:]
        raise TestbedError(f"{' '.join(map(str, words))}: {told}")
    return done.stdout


@contextlib.contextmanager
def step(text: str) -> Iterator[None]:
    """Say what is being done, now and then that it still is, and how long it took."""
    _say(f"{text} ...")
    started, ended = time.monotonic(), threading.Event()

    def reassure() -> None:
        while not ended.wait(SECONDS_OF_SILENCE):
            _say(f"{text}: {time.monotonic() - started:.0f} s so far")

    teller = threading.Thread(target=reassure, daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()
    _say(f"{text}: {time.monotonic() - started:.1f} s")


def _say(text: str) -> None:
    print(f"testbed: {text}", file=sys.stderr, flush=True)


def wait(what: str, holds: Callable[[], object], *, seconds: float = 60) -> None:
    """Wait until something holds.

    Raises:
        TestbedError: it did not within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TestbedError(f"Waited {seconds:.0f} s for {what}.")
        time.sleep(0.1)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other processes out of the cache while this one writes to it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

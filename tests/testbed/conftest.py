"""Fixtures of the test bed's tests: a machine that may be used, and clusters nobody else has."""

import contextlib
import os
import secrets
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.testbed.bed import ROOT, Bed, Machine, fresh

NETS = (2, 3, 5, 6, 7, 8, 9)
"""Address ranges that a test may take; 1 is that of everyday's cluster, 4 that of measurements."""


@pytest.fixture(scope="session", autouse=True)
def _usable() -> None:
    """The machine may run the test bed, and its programs have been built."""
    kind = os.environ.get("CLUSTER") or _said(ROOT / "hack" / "cluster", "default")
    if kind != "testbed":
        pytest.skip(f"tests of the test bed, but the cluster is of the kind '{kind}'")
    if os.geteuid() != 0:
        pytest.skip("the test bed needs root")
    _said("python3", ROOT / "hack" / "testbed", "prepare")


def _said(*words: str | Path) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Return this machine, with an empty home folder."""
    (tmp_path / "home").mkdir()
    return Machine(tmp_path / "home")


@pytest.fixture
def fresh_machine(tmp_path: Path) -> Iterator[Machine]:
    """Return this machine as if no container program had ever run on it."""
    with fresh(tmp_path) as machine:
        yield machine


Beds = Callable[..., Bed]


@pytest.fixture
def beds() -> Iterator[Beds]:
    """Give clusters with names and nets of their own; what is still there goes in the end."""
    with contextlib.ExitStack() as stack:

        def bed(machine: Machine, *, nodes: int = 1) -> Bed:
            net = stack.enter_context(claimed_net())
            made = Bed(machine, f"tb{secrets.token_hex(2)}", net, nodes)
            stack.callback(lambda: made.state.exists() and made.down())
            return made

        yield bed


@contextlib.contextmanager
def claimed_net() -> Iterator[int]:
    """Claim an address range; a socket without a file claims it against other test runs."""
    for net in NETS:
        with socket.socket(socket.AF_UNIX) as claim, contextlib.suppress(OSError):
            claim.bind(f"\0plumbline-testbed-{net}")
            if f"10.231.{net}.0/24" not in _said("ip", "route"):
                yield net
                return
    pytest.fail("all address ranges are in use")

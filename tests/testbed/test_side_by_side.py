"""Two clusters on one machine do not see each other, and a built one is up in seconds."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.testbed.bed import Bed, Machine, fetched, until
from tests.testbed.conftest import Beds

pytestmark = pytest.mark.cluster

SECONDS = 60
"""Generous: the promise is 20 s on a machine that does nothing else."""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: hello, namespace: kube-system}
spec:
  selector: {k8s-app: kube-dns}
  ports: [{port: 80, targetPort: 8181}]
"""


def test_a_cluster_breaks_the_one_beside_it(
    machine: Machine, beds: Beds, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = beds(machine), beds(machine)
    times = [first.up(), second.up()]
    with capsys.disabled():
        print(f"\nup with built programs: {times[0]:.1f} s, beside another: {times[1]:.1f} s")
    assert max(times) < SECONDS
    for bed in (first, second):
        assert_works(bed)
    assert_refused(replace(first, name=f"{first.name}x"), f"in use by {first.name}br")
    first.down()
    assert_works(second)
    os.kill(second.pid("kubelet-1"), signal.SIGKILL)
    second.up()
    assert_works(second)


def assert_refused(bed: Bed, why: str) -> None:
    """It does not come up, says why and can be cleared away."""
    try:
        with pytest.raises(AssertionError, match=why):
            bed.up()
    finally:
        bed.down()


def assert_works(bed: Bed) -> None:
    """Its API names its own node, and its pods answer at their address and through a Service."""
    assert bed.kubectl("get", "nodes", "-o", "name").split() == [f"node/{bed.name}-1"]
    bed.kubectl("apply", "-f", "-", stdin=SERVICE)
    look: Callable[..., str] = bed.kubectl
    until(lambda: fetched(f"http://{pod(look)}:8181/ready") == "OK", f"a pod of {bed.name}")
    until(lambda: fetched(f"http://{service(look)}/ready") == "OK", f"a Service of {bed.name}")


def pod(kubectl: Callable[..., str]) -> str:
    """Return the address of the name server's pod."""
    chosen = ("-n", "kube-system", "-l", "k8s-app=kube-dns")
    return kubectl("get", "pod", *chosen, "-o", "jsonpath={.items[*].status.podIP}")


def service(kubectl: Callable[..., str]) -> str:
    """Return the address of the Service."""
    where = ("get", "service", "hello", "-n", "kube-system")
    return kubectl(*where, "-o", "jsonpath={.spec.clusterIP}")

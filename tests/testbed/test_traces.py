"""A cluster that has gone has left nothing, however it went."""

import os
import signal

import pytest

from tests.testbed.bed import Bed, Machine, until
from tests.testbed.conftest import Beds
from tests.testbed.traces import difference

pytestmark = pytest.mark.cluster

POD = """
apiVersion: v1
kind: Pod
metadata: {name: idle}
spec:
  terminationGracePeriodSeconds: 600
  containers:
    - name: idle
      image: plumbline.local/pause:1
      imagePullPolicy: Never
      ports: [{containerPort: 80, hostPort: 8088}]
      volumeMounts: [{name: scratch, mountPath: /scratch}]
  volumes: [{name: scratch, emptyDir: {medium: Memory}}]
"""


def assert_same(bed: Bed, before: list[str]) -> None:
    """Fail with what was left and what is missing; others on the machine get time to settle."""
    found = [""]

    def same() -> bool:
        found[:] = difference(before, bed.machine.traces(bed.name))
        return not found

    until(same, "the machine to be as it was", why=lambda: "\n".join(found), seconds=10)


def test_it_leaves_a_process_or_a_mount_after_a_crash_while_a_pod_runs(
    machine: Machine, beds: Beds
) -> None:
    bed = beds(machine)
    before = machine.traces(bed.name)
    bed.up()
    until(lambda: runs(bed), "the pod to run")
    for part in ("kubelet-1", "containerd-1"):
        os.kill(bed.pid(part), signal.SIGKILL)
    machine.run("ip", "netns", "delete", f"{bed.name}-1")
    kinds = {line.split()[1] for line in difference(before, machine.traces(bed.name))}
    assert kinds >= {"process", "mount", "link", "ip", "cgroup", "file", "state"}
    bed.down()
    assert_same(bed, before)


def runs(bed: Bed) -> bool:
    """Tell whether the idle pod runs; it is made if need be."""
    bed.kubectl("apply", "-f", "-", stdin=POD)
    return bed.kubectl("get", "pod", "idle", "-o", "jsonpath={.status.phase}") == "Running"


def test_it_leaves_folders_and_settings_on_a_machine_that_never_ran_containers(
    fresh_machine: Machine, beds: Beds
) -> None:
    bed = beds(fresh_machine)
    before = fresh_machine.traces(bed.name)
    bed.up()
    for thing in ("setting kernel/panic = 10", "file /run/containerd", "mount /run/netns"):
        until(lambda thing=thing: thing in fresh_machine.traces(bed.name), thing)
    bed.down()
    assert_same(bed, before)


def test_a_second_down_finds_nothing_to_do(machine: Machine, beds: Beds) -> None:
    bed = beds(machine)
    before = machine.traces(bed.name)
    bed.down()
    assert_same(bed, before)

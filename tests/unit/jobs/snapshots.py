"""What a pod has done once, kept so that many tests begin with it."""

import copy
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.jobs.pods import Pods, pods

Objects = dict[str, dict[str, bytes]]


@dataclass(frozen=True)
class Snapshot:
    """The folders and buckets of a pod, and the digest that its last step has told."""

    root: Path
    buckets: Objects
    digest: str

    def copied_to(self, pod: Pods) -> str:
        """Give a pod all that was there, and return the digest."""
        shutil.copytree(self.root, pod.root, dirs_exist_ok=True)
        pod.world.buckets.update(copy.deepcopy(self.buckets))
        return self.digest


def taken(root: Path, act: Callable[[Pods], str], *, before: Snapshot | None = None) -> Snapshot:
    """Return what is there after an act, which returns a digest and may go on from a snapshot."""
    with pytest.MonkeyPatch.context() as patch, pods(root, patch) as pod:
        if before:
            before.copied_to(pod)
        digest = act(pod)
        return Snapshot(root, copy.deepcopy(pod.world.buckets), digest)

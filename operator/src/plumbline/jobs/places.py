"""Where a step finds its files inside the pod; a prefix moves all of them for tests."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TASK = "/etc/plumbline/task.json"


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of a pod.

    Attributes:
        root: put before each of them; `/` in a pod.
        task: the step's task file.
    """

    root: Path = Path("/")
    task: Path = Path(TASK)

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> "Places":
        """Return the places that PLUMBLINE_ROOT and PLUMBLINE_TASK name, or the pod's own."""
        root = Path(environment.get("PLUMBLINE_ROOT", "/"))
        return cls(root, Path(environment.get("PLUMBLINE_TASK") or root / TASK.lstrip("/")))

    def at(self, path: str) -> Path:
        """Return an absolute path of the pod, such as `/data/train.parquet`."""
        return self.root / path.lstrip("/")

    @property
    def termination_log(self) -> Path:
        """Where Kubernetes reads the step's last words."""
        return self.at("/dev/termination-log")

    @property
    def scratch(self) -> Path:
        """A folder for what is in the making."""
        return self.at("/tmp")  # noqa: S108 (an emptyDir of the pod)

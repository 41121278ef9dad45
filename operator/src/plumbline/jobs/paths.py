"""The paths of a step's files in the pod; for tests, all of them can be below another root."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from plumbline.contract import layout

TASK = f"{layout.TASK_FOLDER}/{layout.TASK_FILE}"


@dataclass(frozen=True, slots=True)
class Paths:
    """The paths of a pod.

    Attributes:
        root: put before each of them; `/` in a pod.
        task: the step's task file.
    """

    root: Path = Path("/")
    task: Path = Path(TASK)

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> "Paths":
        """Return the paths that the environment sets; by default those of a pod."""
        root = Path(environment.get(layout.ROOT_VARIABLE, "/"))
        task = environment.get(layout.TASK_VARIABLE)
        return cls(root, Path(task or root / TASK.lstrip("/")))

    def at(self, path: str) -> Path:
        """Return an absolute path of the pod, such as `/data/train.parquet`."""
        return self.root / path.lstrip("/")

    @property
    def termination_log(self) -> Path:
        """The file from which Kubernetes reads the termination message."""
        return self.at(layout.TERMINATION_LOG)

    @property
    def scratch(self) -> Path:
        """A folder for temporary files."""
        return self.at(layout.TMP)

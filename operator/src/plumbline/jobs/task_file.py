"""The task file of a step, read strictly."""

import json
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from plumbline.contract.tasks import DataTask, JudgeTask, PredictTask, ProfileTask, TrainingTask
from plumbline.jobs.failures import JobFailed

Task = TypeVar("Task", ProfileTask, TrainingTask, JudgeTask, DataTask, PredictTask)


def read(path: Path, kind: type[Task]) -> Task:
    """Return the task in a file.

    Raises:
        JobFailed: it is not there or not what this version understands.
    """
    try:
        return kind.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise JobFailed("TaskInvalid", f"reading {path}: {_short(error)}") from error


def _short(error: Exception) -> str:
    if isinstance(error, ValidationError):
        found = error.errors(include_url=False, include_input=False)
        return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in found[:3])
    return str(error)[:300]

"""The task file of a step, read strictly."""

import json
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from plumbline.contract.tasks import DataTask, JudgeTask, PredictTask, ProfileTask, TrainingTask
from plumbline.jobs.failures import JobFailed

_ADVICE = "Use an operator and a trainer image of the same version."
Task = TypeVar("Task", ProfileTask, TrainingTask, JudgeTask, DataTask, PredictTask)


def read(path: Path, kind: type[Task]) -> Task:
    """Return the task in a file.

    Raises:
        JobFailed: it is missing, or this version cannot read it.
    """
    try:
        return kind.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError) as error:
        message = f"Cannot read {path}: {_short(error)}. {_ADVICE}"
        raise JobFailed("TaskInvalid", message) from error


def _short(error: Exception) -> str:
    if isinstance(error, ValidationError):
        found = error.errors(include_url=False, include_input=False)
        named = [(".".join(map(str, each["loc"])), each["msg"]) for each in found[:3]]
        return "; ".join(f"{field or 'the file'}: {problem}" for field, problem in named)
    if isinstance(error, OSError):
        return (error.strerror or "it cannot be opened").lower()
    return "it is not JSON"

"""Classes of a single row, which early stopping cannot divide into two parts."""

import json
from typing import Any

import numpy as np

from plumbline.contract.tasks import DataTask
from plumbline.jobs.failures import JobFailed

# With `auto`, histogram gradient boosting stops early above so many rows.
_AUTO_ROWS = 10_000


def check(estimator: Any, labels: Any, task: DataTask) -> None:
    """Refuse what scikit-learn would refuse in fit, without the name of the class.

    Raises:
        JobFailed: the estimator stops early, and a class has only one row.
    """
    if task.task != "Classification" or not (how := _stops_early(estimator, len(labels))):
        return
    names, counts = np.unique(labels, return_counts=True)
    alone = names[counts < 2].tolist()
    if not alone:
        return
    which = f"{len(alone)} of {len(names)} classes have"
    if len(alone) == 1 and not task.personal_target:
        which = f"Class {_shown(alone[0])} has"
    problem = f"{which} only one row among the {len(labels)} training rows of target {task.target}"
    advice = f"set {how} in trainer.estimator.params, or provide more rows of the class"
    raise JobFailed(
        "TrainingFailed", f"{problem}, and early stopping needs two. To go on, {advice}."
    )


def _stops_early(estimator: Any, rows: int) -> str:
    """Return the parameter that switches early stopping off; empty if it is off."""
    params = estimator.get_params()
    if params.get("n_iter_no_change") and "early_stopping" not in params:
        return "n_iter_no_change to null"
    wanted = params.get("early_stopping", False)
    stops = rows > _AUTO_ROWS if wanted == "auto" else bool(wanted)
    return "early_stopping to false" if stops else ""


def _shown(name: Any) -> str:
    return json.dumps(name, ensure_ascii=False)[:60]

"""Finds gates whose metric does not apply to the target, before the training where possible."""

from collections.abc import Iterator

from plumbline.api.metrics import METRICS, Metric, fitting
from plumbline.api.v1alpha1.training_run import Gates


def inapplicable(gates: Gates, task: str, classes: int | None) -> Iterator[tuple[str, Metric]]:
    """Yield the gates that cannot be evaluated: the field of `gates`, and its metric.

    Args:
        gates: those of a run or a template.
        task: Classification or Regression.
        classes: number of classes of the target; None for a regression, or if not known yet.
    """
    named = [("metrics", gate.metric) for gate in gates.metrics]
    named += [("champion", gates.champion.metric)] if gates.champion else []
    for field, name in named:
        if not METRICS[name].fits(task, classes):
            yield field, METRICS[name]


def too_many(metric: Metric, target: str, classes: int) -> str:
    """Return why a metric does not apply to a number of classes, and which metrics do."""
    fit = " or ".join(fitting("Classification", classes))
    needed = f"{metric.name} needs {metric.classes} classes"
    return f"{needed}, and target {target} has {classes}: use {fit}"

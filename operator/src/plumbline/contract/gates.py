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
    named = _named(gates)
    return ((field, metric) for field, metric in named if not metric.fits(task, classes))


def needing_variety(gates: Gates) -> Iterator[tuple[str, Metric]]:
    """Yield the gates that cannot be evaluated on held-out rows with a constant target."""
    return ((field, metric) for field, metric in _named(gates) if metric.varies)


def _named(gates: Gates) -> Iterator[tuple[str, Metric]]:
    for gate in gates.metrics:
        yield "metrics", METRICS[gate.metric]
    if gates.champion:
        yield "champion", METRICS[gates.champion.metric]


def too_many(metric: Metric, target: str, classes: int) -> str:
    """Return why a metric does not apply to a number of classes, and which metrics do."""
    fit = " or ".join(fitting("Classification", classes))
    needed = f"{metric.name} needs {metric.classes} classes"
    return f"{needed}, and target {target} has {classes}: use {fit}"

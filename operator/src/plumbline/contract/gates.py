"""Which gates could never be judged: said before anything trains, as far as it is known then."""

from collections.abc import Iterator

from plumbline.api.metrics import METRICS, Metric, fitting
from plumbline.api.v1alpha1.training_run import Gates


def unfit(gates: Gates, task: str, classes: int | None) -> Iterator[tuple[str, Metric]]:
    """Yield the gates that cannot be judged: the field of `gates`, and its metric.

    Args:
        gates: what is asked of a model.
        task: Classification or Regression.
        classes: of the target, None when they are not known yet, and of a regression.
    """
    asked = [("metrics", gate.metric) for gate in gates.metrics]
    asked += [("champion", gates.champion.metric)] if gates.champion else []
    for field, name in asked:
        if not METRICS[name].fits(task, classes):
            yield field, METRICS[name]


def too_many(metric: Metric, target: str, classes: int) -> str:
    """Return what is wrong with a metric of another number of classes, and what fits."""
    fit = " or ".join(fitting("Classification", classes))
    needed = f"{metric.name} needs {metric.classes} classes"
    return f"{needed}, and target {target} has {classes}: use {fit}"

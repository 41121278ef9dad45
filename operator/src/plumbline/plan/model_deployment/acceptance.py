"""Who serves decides what is good enough: the run's verdict, then this deployment's own bars.

A bar is cleared by the confidence bound of the metric, never by its estimate alone.
"""

from collections.abc import Iterable

from plumbline.api.meta import Gate
from plumbline.api.reasons import ModelDeploymentReason as Reason
from plumbline.api.v1alpha1 import TrainingRun
from plumbline.stats import gates
from plumbline.stats.intervals import Interval


def refusal(run: TrainingRun, bars: Iterable[Gate]) -> tuple[str, str] | None:
    """Return the reason and the sentence for which a run is not served, or None."""
    name, status = run.metadata.name, run.status
    if status.verdict is None or status.model is None:
        return _unjudged(run)
    if status.verdict != "Passed":
        missed = "; ".join(each.message for each in status.gates if each.verdict != "Passed")
        said = f"run {name} did not pass its own gates: {status.verdict}"
        return Reason.NOT_ACCEPTED, f"{said}: {missed}" if missed else said
    for bar in bars:
        if missed := _missed(run, bar):
            return Reason.NOT_ACCEPTED, f"run {name} does not clear accept.gates: {missed}"
    return None


def _unjudged(run: TrainingRun) -> tuple[str, str]:
    name = run.metadata.name
    if run.status.completion_time is None:
        return Reason.WAITING_FOR_RUN, f"run {name} is not judged yet"
    return Reason.NOT_ACCEPTED, f"run {name} gave no model: see its conditions"


def _missed(run: TrainingRun, bar: Gate) -> str:
    """Return how the run misses a bar, or an empty string."""
    found = next((each for each in run.status.metrics if each.name == bar.metric), None)
    if found is None:
        known = ", ".join(sorted(each.name for each in run.status.metrics)) or "none"
        return f"it has no metric {bar.metric} (it has: {known})"
    interval = Interval(
        value=found.value, low=found.low, high=found.high, n=found.n, groups=found.n
    )
    result = gates.judge_metric(bar.metric, interval, minimum=bar.min, maximum=bar.max)
    return "" if result.verdict == "Passed" else result.message

"""The retraining run of an episode: its manifest, how it is found, and its outcome."""

from collections.abc import Iterable

from plumbline.api import names
from plumbline.api.objects import Manifest
from plumbline.api.sentences import sentence
from plumbline.api.v1alpha1 import TrainingRun
from plumbline.api.v1alpha1.drift_monitor import Episode, Outcome
from plumbline.api.v1alpha1.training_run import TRAINING_RUN
from plumbline.plan.common.conditions import READY, condition_of
from plumbline.plan.drift_monitor.snapshot import DriftMonitorSnapshot

LISTED = 3


def of_episode(runs: Iterable[TrainingRun], episode: Episode) -> TrainingRun | None:
    """Return the run of an episode, if it exists."""
    labelled = (run for run in runs if run.metadata.labels.get(names.EPISODE_LABEL) == episode.id)
    return next(labelled, None)


def unfinished(runs: Iterable[TrainingRun]) -> list[str]:
    """Return the names of the runs that have not finished."""
    return sorted(run.metadata.name for run in runs if run.status.completion_time is None)


def outcome(run: TrainingRun | None, name: str) -> tuple[Outcome, str]:
    """Return the outcome of an episode's run; a deleted run is not created again."""
    if run is None:
        return (
            Outcome.RUN_DELETED,
            f"Run {name} was deleted. It is not created again for this drift.",
        )
    ready = condition_of(run.status, READY)
    if run.status.completion_time is None:
        return Outcome.TRAINING, f"Run {name} is under way{f' ({ready.reason})' if ready else ''}."
    if run.status.verdict == "Passed":
        return Outcome.TRAINED, f"Run {name} passed its gates."
    said = f"({ready.reason}). {sentence(ready.message)}" if ready else "(see its conditions)."
    ended = Outcome.NOT_ACCEPTED if run.status.verdict else Outcome.TRAINING_FAILED
    return ended, f"Run {name} gave no model to serve {said}"


def trained_revision(snapshot: DriftMonitorSnapshot) -> int:
    """Return the newest data revision that a model was trained on."""
    stable = snapshot.deployment.status.stable if snapshot.deployment else None
    # A run that ended without a verdict made no model: its revision may be trained on again.
    judged = [run for run in snapshot.runs if run.status.verdict]
    pinned = [run.status.dataset.revision for run in judged if run.status.dataset]
    return max([stable.revision if stable else 0, *pinned])


def training_run(snapshot: DriftMonitorSnapshot, episode: Episode, *, revision: int) -> Manifest:
    """Return the run: named after the episode, and pinned to the new revision.

    It has no owner, so that it outlives the monitor.

    Raises:
        ValueError: the monitor has no template or dataset.
    """
    if snapshot.template is None or snapshot.dataset is None:
        raise ValueError(f"monitor {snapshot.monitor.metadata.name} has no template or dataset")
    return {
        "apiVersion": TRAINING_RUN.api_version,
        "kind": TRAINING_RUN.kind,
        "metadata": {
            "name": episode.id,
            "namespace": snapshot.monitor.metadata.namespace,
            "labels": _labels(snapshot.template.metadata.name, snapshot, episode),
            "annotations": {names.REASON_ANNOTATION: _why(episode)},
        },
        "spec": {
            "templateRef": {"name": snapshot.template.metadata.name},
            "datasetRef": {"name": snapshot.dataset.metadata.name, "revision": revision},
        },
    }


def _labels(template: str, snapshot: DriftMonitorSnapshot, episode: Episode) -> dict[str, str]:
    return {
        names.MANAGED_BY: names.MANAGER,
        names.TEMPLATE_LABEL: template,
        names.MONITOR_LABEL: snapshot.monitor.metadata.name,
        names.EPISODE_LABEL: episode.id,
    }


def _why(episode: Episode) -> str:
    worst = ", ".join(episode.columns[:LISTED]) or "live rows"
    return f"Drift of {worst} in the last {episode.rows} rows."

"""How many models were evaluated on the held-out rows of a Dataset."""

from collections.abc import Sequence
from dataclasses import dataclass

from plumbline.api.objects import Manifest
from plumbline.api.v1alpha1.dataset import DatasetStatus, EvaluatedModel, HoldoutLooks
from plumbline.contract.dataset_manifest import CountedRows
from plumbline.plan.common.conditions import changed

# As many entries as the CRD allows.
MODELS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """A run that evaluated its model.

    Attributes:
        revision: the one that it used.
        look: which look it was; None if it was not counted.
        time: when it ended, as text.
    """

    run: str
    revision: int
    model: str
    look: int | None
    time: str


def evaluated_of(runs: Sequence[Manifest]) -> tuple[Evaluated, ...]:
    """Return the runs that have a model, oldest first."""
    found = (_evaluated(each) for each in runs)
    return tuple(sorted((e for e in found if e), key=lambda each: (each.time, each.run)))


def _evaluated(run: Manifest) -> Evaluated | None:
    status = run.get("status", {})
    revision = (status.get("dataset") or {}).get("revision")
    model = (status.get("model") or {}).get("digest")
    if not revision or not model:
        return None
    return Evaluated(
        run=run["metadata"]["name"],
        revision=int(revision),
        model=model,
        look=status.get("look"),
        time=str(status.get("completionTime", "")),
    )


def of_revision(old: HoldoutLooks | None, found: CountedRows | None) -> HoldoutLooks | None:
    """Return the looks after a fetch: the same count unless the held-out rows are mostly new."""
    if found is None or not found.counted_from:
        return None
    if old is None or old.digest != found.counted_from:
        return HoldoutLooks(digest=found.counted_from, rows=found.rows)
    return changed(old, rows=found.rows)


def counted(status: DatasetStatus, runs: Sequence[Evaluated]) -> DatasetStatus:
    """Return the status with the models of these runs."""
    old = status.holdout
    if old is None:
        return status
    same = {each.revision for each in status.history if each.held_out == old.digest}
    known, models, looks = {each.model for each in old.models}, list(old.models), old.looks
    for each in runs:
        if each.revision in same and each.model not in known:
            known.add(each.model)
            looks += 1
            look = each.look or looks
            models.insert(0, EvaluatedModel(model=each.model, look=look, run=each.run))
    if looks == old.looks:
        return status
    return changed(status, holdout=changed(old, looks=looks, models=models[:MODELS]))

"""The frozen spec of a run: merged once from run and template, and from then on all that counts."""

from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from plumbline.api.objects import Manifest
from plumbline.api.v1alpha1 import Dataset, TrainingRun, TrainingTemplate
from plumbline.api.v1alpha1.training_run import Gates, RunDataset, TrainingFields
from plumbline.contract.tasks import FrozenSpec, Owner, PodSettings, TrainingTask
from plumbline.plan.common import canonical
from plumbline.plan.specs.steps import TASK_FILE


def merged(run: TrainingRun, template: TrainingTemplate | None) -> TrainingFields:
    """Return the run's fields, and the template's where the run says nothing; each as a whole."""
    found: dict[str, Any] = {}
    for name in TrainingFields.model_fields:
        own = getattr(run.spec, name)
        lent = getattr(template.spec, name) if template else None
        found[name] = lent if own is None or own == [] else own
    return TrainingFields.model_construct(**{k: v for k, v in found.items() if v is not None})


def task_text(run: TrainingRun, fields: TrainingFields, dataset: Dataset, pin: RunDataset) -> str:
    """Return the task file that train and judge Jobs work by."""
    if dataset.spec.question is None or fields.trainer is None:
        raise ValueError(f"run {run.metadata.name} was found fit without a question or a trainer")
    about = run.metadata
    task = TrainingTask(
        run=Owner(name=about.name, namespace=about.namespace, uid=about.uid),
        template=run.spec.template_ref.name if run.spec.template_ref else None,
        dataset=pin,
        question=dataset.spec.question,
        features=tuple(fields.features),
        trainer=fields.trainer,
        seed=fields.seed or 0,
        gates=fields.gates or Gates(),
        pod=_pod_settings(fields),
    )
    return canonical.text(task.wire)


def frozen_spec(config_map: Manifest) -> tuple[FrozenSpec, str] | None:
    """Return the frozen spec and its digest; None when the ConfigMap does not hold one."""
    return _read(config_map.get("data", {}).get(TASK_FILE, ""))


@lru_cache(maxsize=1024)
def _read(text: str) -> tuple[FrozenSpec, str] | None:
    try:
        return FrozenSpec.model_validate_json(text), canonical.digest(text)
    except ValidationError:
        return None


def champion_name(
    run: TrainingRun, template: TrainingTemplate | None, frozen: Manifest | None
) -> str | None:
    """Return the ModelDeployment whose model this run is compared with."""
    spec = frozen_spec(frozen) if frozen else None
    gates = spec[0].gates if spec else merged(run, template).gates
    return gates.champion.deployment_ref.name if gates and gates.champion else None


def _pod_settings(fields: TrainingFields) -> PodSettings:
    names = set(PodSettings.model_fields) & set(TrainingFields.model_fields)
    given = {name: getattr(fields, name) for name in sorted(names)}
    return PodSettings.model_construct(**{k: v for k, v in given.items() if v is not None})

"""The frozen spec of a run: merged once from run and template, and from then on all that counts."""

from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from plumbline.api.meta import Model, Observed, PodTemplate
from plumbline.api.objects import Manifest
from plumbline.api.quantities import Resources
from plumbline.api.v1alpha1 import Dataset, TrainingRun, TrainingTemplate
from plumbline.api.v1alpha1.training_run import Gates, RunDataset, Trainer, TrainingFields
from plumbline.plan.common import canonical
from plumbline.plan.specs.steps import TASK_FILE


class PodSettings(Observed):
    """How the training pod is made.

    Attributes:
        resources: of the training container.
        pod_template: the user's own settings.
        backoff_limit: how often a failed training is tried again.
        active_deadline_seconds: how long training may take.
        ttl_seconds_after_finished: how long the Jobs stay.
    """

    resources: Resources = Resources()
    pod_template: PodTemplate = PodTemplate()
    backoff_limit: int = 1
    active_deadline_seconds: int | None = None
    ttl_seconds_after_finished: int | None = None


class FrozenSpec(Observed):
    """What a plan reads of the frozen spec; the steps read the rest."""

    dataset: RunDataset
    trainer: Trainer
    seed: int = 0
    gates: Gates = Gates()
    pod: PodSettings = PodSettings()


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
    about = run.metadata
    return canonical.text(
        {
            "run": {"name": about.name, "namespace": about.namespace, "uid": about.uid},
            "template": run.spec.template_ref.name if run.spec.template_ref else None,
            "dataset": _plain(pin),
            "question": _plain(dataset.spec.question),
            "features": list(fields.features),
            "trainer": _plain(fields.trainer),
            "seed": fields.seed or 0,
            "gates": {"champion": None, **_plain(fields.gates or Gates())},
            "pod": _plain(_pod_settings(fields)),
        }
    )


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


def _plain(model: Model | Observed | None) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True) if model else {}

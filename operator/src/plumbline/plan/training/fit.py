"""Whether what is asked of a training fits the Dataset; the same for a run and for a template."""

from collections.abc import Iterator

from plumbline.api import names
from plumbline.api.objects import Manifest
from plumbline.api.reasons import TrainingRunReason as Reason
from plumbline.api.v1alpha1 import Dataset
from plumbline.api.v1alpha1.dataset import Question
from plumbline.api.v1alpha1.training_run import Gates, RunDataset, TrainingFields
from plumbline.plan.common.conditions import stalled, working
from plumbline.stats.intervals import CLASSIFICATION, REGRESSION

Conditions = list[Manifest]


def of_fields(fields: TrainingFields) -> Iterator[Conditions]:
    """Yield what is wrong whatever the data."""
    for name in ("dataset_ref", "trainer"):
        if getattr(fields, name, None) is None:
            field = {"dataset_ref": "datasetRef"}.get(name, name)
            yield stalled(Reason.SPEC_INCOMPLETE, f"Neither run nor template has {field}.")
    if fields.pod_template and _names_store_secret(fields.pod_template.env):
        text = (
            f"podTemplate.env reads Secret {names.STORE_SECRET}: a training container gets no "
            f"credentials of the store; its data is in $PLUMBLINE_DATA. Leave the variable out."
        )
        yield stalled(Reason.STORE_SECRET_NAMED, text)


def absent(fields: TrainingFields) -> Conditions:
    """Return the conditions while the Dataset does not exist."""
    name = fields.dataset_ref.name if fields.dataset_ref else ""
    text = f"Dataset {name} does not exist yet: create it or mend datasetRef."
    return working(Reason.DATASET_NOT_FOUND, text)


def pinned(dataset: Dataset, fields: TrainingFields) -> RunDataset | None:
    """Return the revision that is asked for, or the newest."""
    wanted = _wanted(fields)
    for each in dataset.status.history:
        if each.revision == (wanted or dataset.status.revision):
            return RunDataset(
                name=dataset.metadata.name,
                revision=each.revision,
                digest=each.digest,
                manifest=each.manifest,
            )
    return None


def of_revision(dataset: Dataset, fields: TrainingFields) -> Iterator[Conditions]:
    """Yield what is wrong with a Dataset that has revisions."""
    if pinned(dataset, fields) is None:
        known = ", ".join(str(each.revision) for each in dataset.status.history)
        text = (
            f"Dataset {dataset.metadata.name} has no revision {_wanted(fields)}; it knows {known}. "
            f"Ask for one of them."
        )
        yield stalled(Reason.REVISION_UNKNOWN, text)


def of_question(dataset: Dataset, fields: TrainingFields) -> Iterator[Conditions]:
    """Yield what is wrong between the features and what the Dataset asks."""
    question, name = dataset.spec.question, dataset.metadata.name
    columns = [column.name for column in dataset.spec.schema_.columns]
    if question is None:
        text = f"Dataset {name} asks no question: set spec.question with task and target."
        yield stalled(Reason.QUESTION_MISSING, text)
        return
    if question.target not in columns:
        text = f"Target {question.target} is not a column of Dataset {name}: {_listed(columns)}."
        yield stalled(Reason.TARGET_MISSING, text)
    if question.target in fields.features:
        text = f"Feature {question.target} is the target of Dataset {name}: leave it out."
        yield stalled(Reason.FEATURE_IS_TARGET, text)
    unknown = [each for each in fields.features if each not in columns]
    if unknown and _takes_newest(dataset, fields):
        text = f"Not in Dataset {name}: {_listed(unknown)}. Its columns are {_listed(columns)}."
        yield stalled(Reason.FEATURE_UNKNOWN, text)
    yield from _of_gates(question, name, fields.gates or Gates())


def _of_gates(question: Question, dataset: str, gates: Gates) -> Iterator[Conditions]:
    """Yield which gates could never pass: nobody should train for hours to hear of it then."""
    fit = REGRESSION if question.task == "Regression" else CLASSIFICATION
    asked = [("metrics", gate.metric) for gate in gates.metrics]
    asked += [("champion", gates.champion.metric)] if gates.champion else []
    for field, metric in asked:
        if metric not in fit:
            text = (
                f"gates.{field} asks for {metric}, which is no metric of a {question.task} such as "
                f"Dataset {dataset} asks for: use one of {', '.join(sorted(fit))}."
            )
            yield stalled(Reason.GATE_UNFIT, text)


def _wanted(fields: TrainingFields) -> int | None:
    return fields.dataset_ref.revision if fields.dataset_ref else None


def _takes_newest(dataset: Dataset, fields: TrainingFields) -> bool:
    """Tell whether the schema of the spec is the schema of the revision; old ones had their own."""
    return _wanted(fields) in (None, dataset.status.revision)


def _listed(words: list[str]) -> str:
    shown = ", ".join(words[:12])
    return f"{shown} and {len(words) - 12} more" if len(words) > 12 else shown


def _names_store_secret(env: list[Manifest]) -> bool:
    sources = [each.get("valueFrom") or {} for each in env]
    return any(
        (source.get("secretKeyRef") or {}).get("name") == names.STORE_SECRET for source in sources
    )

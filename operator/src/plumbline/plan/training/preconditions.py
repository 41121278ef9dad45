"""The conditions under which a run can start, in the order in which a person would fix them.

A template has the same conditions, but does not wait for a revision: its Dataset reports that.
"""

from collections.abc import Callable
from dataclasses import dataclass

from plumbline.api import decision, metrics, names
from plumbline.api.decision import Decision, decide, first
from plumbline.api.objects import Manifest
from plumbline.api.sentences import clause
from plumbline.api.v1alpha1 import Dataset, TrainingRun
from plumbline.api.v1alpha1.dataset import DatasetReason, Question
from plumbline.api.v1alpha1.training_run import Gates, RunDataset, TrainingFields
from plumbline.api.v1alpha1.training_run import TrainingRunReason as Reason
from plumbline.api.v1alpha1.training_template import TrainingTemplateReason
from plumbline.contract import gates
from plumbline.plan.common import conditions
from plumbline.plan.training.snapshot import TrainingRunSnapshot
from plumbline.stats.gates import resolution
from plumbline.stats.text import number

SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRequest:
    """The settings of a training, and the Dataset that they name.

    Attributes:
        fields: of a template, or of a run merged with its template.
        dataset: None while it does not exist.
        run: the run; None for a template.
        missing_template: name of the run's template if that does not exist.
    """

    fields: TrainingFields
    dataset: Dataset | None
    run: TrainingRun | None = None
    missing_template: str = ""

    def remedy(self, field: str, *, edit: str, new: str) -> str:
        """Return how to fix a field: a run cannot be edited, but its template can.

        Args:
            field: name of the field in Python.
            edit: what to do in a template.
            new: how the new run differs.
        """
        if self.run is None:
            return f"{edit}."
        template, is_own = self.run.spec.template_ref, getattr(self.run.spec, field)
        if template is None or is_own:
            return f"Create a new run {new}."
        return f"{edit} in TrainingTemplate {template.name}, or create a new run {new}."

    @property
    def existing_dataset(self) -> Dataset:
        """The Dataset; only rules after `_dataset_absent` may use it.

        Raises:
            ValueError: it does not exist.
        """
        if self.dataset is None:
            raise ValueError("a rule uses a Dataset that does not exist")
        return self.dataset

    @property
    def question(self) -> Question:
        """The question of the Dataset; only rules after `_question_missing` may use it.

        Raises:
            ValueError: the Dataset has none.
        """
        if self.existing_dataset.spec.question is None:
            raise ValueError("a rule uses a question that the Dataset does not have")
        return self.existing_dataset.spec.question

    @property
    def revision(self) -> int | None:
        """The revision that the spec names by its number."""
        return self.fields.dataset_ref.revision if self.fields.dataset_ref else None

    @property
    def columns(self) -> list[str]:
        """The columns of the Dataset."""
        return [column.name for column in self.existing_dataset.spec.schema_.columns]


def blocked(snapshot: TrainingRunSnapshot) -> Decision | None:
    """Return why a run may not create a Job now, or None."""
    return first(BLOCKED, snapshot)


def unfit(snapshot: TrainingRunSnapshot, fields: TrainingFields) -> Decision | None:
    """Return why a run cannot start yet or at all; None when it can."""
    reference = snapshot.run.spec.template_ref
    missing = reference.name if reference and snapshot.template is None else ""
    request = TrainingRequest(
        fields=fields, dataset=snapshot.dataset, run=snapshot.run, missing_template=missing
    )
    return first(RUN, request)


def of_template(fields: TrainingFields, dataset: Dataset | None) -> Decision:
    """Return whether a template is valid for its Dataset."""
    request = TrainingRequest(fields=fields, dataset=dataset)
    return decide(TEMPLATE, request)


def pinned(dataset: Dataset, fields: TrainingFields) -> RunDataset | None:
    """Return the revision that the spec names, or the newest; None if there is none."""
    wanted = fields.dataset_ref.revision if fields.dataset_ref else None
    for each in dataset.status.history:
        if each.revision == (wanted or dataset.status.revision):
            return RunDataset(
                name=dataset.metadata.name,
                revision=each.revision,
                digest=each.digest,
                manifest=each.manifest,
            )
    return None


def _suspended(snapshot: TrainingRunSnapshot) -> Decision | None:
    if not snapshot.run.spec.suspend:
        return None
    text = "Paused because spec.suspend is true: no Job is created."
    return decision.held("training.suspended", Reason.SUSPENDED, text)


def _without_store(snapshot: TrainingRunSnapshot) -> Decision | None:
    return conditions.without_store(
        snapshot.run.metadata.namespace,
        snapshot.settings,
        rule="training.without_store",
        reason=Reason.STORE_CREDENTIALS_MISSING,
    )


def _template_missing(request: TrainingRequest) -> Decision | None:
    name = request.missing_template
    if not name:
        return None
    text = (
        f"TrainingTemplate {name} does not exist. Create it, or create a new run with another "
        f"spec.templateRef."
    )
    return decision.working("training.template_missing", Reason.TEMPLATE_NOT_FOUND, text)


def _incomplete(request: TrainingRequest) -> Decision | None:
    for name, field in (("dataset_ref", "datasetRef"), ("trainer", "trainer")):
        if getattr(request.fields, name, None) is None:
            remedy = request.remedy(name, edit=f"Set spec.{field}", new="that has it")
            text = f"spec.{field} is missing. {remedy}"
            return decision.stalled("training.incomplete", Reason.SPEC_INCOMPLETE, text)
    return None


def _names_store_secret(request: TrainingRequest) -> Decision | None:
    pod = request.fields.pod_template
    if pod is None or names.STORE_SECRET not in _secrets(pod.env):
        return None
    remedy = request.remedy(
        "pod_template",
        edit="Remove the variable from spec.podTemplate.env",
        new="without the variable",
    )
    text = (
        f"spec.podTemplate.env reads Secret {names.STORE_SECRET}, but a training container must "
        f"not have the credentials of the store. {remedy} Training code finds the data in "
        f"$PLUMBLINE_DATA."
    )
    return decision.stalled("training.names_store_secret", Reason.STORE_SECRET_FORBIDDEN, text)


def _dataset_absent(request: TrainingRequest) -> Decision | None:
    if request.dataset is not None:
        return None
    name = request.fields.dataset_ref.name if request.fields.dataset_ref else ""
    remedy = request.remedy(
        "dataset_ref", edit="Fix spec.datasetRef", new="with another spec.datasetRef"
    )
    wrong = f"If its name is wrong, {remedy[0].lower()}{remedy[1:]}"
    text = f"Dataset {name} does not exist. Create it. {wrong}"
    return decision.working("training.dataset_absent", Reason.DATASET_NOT_FOUND, text)


def _dataset_changed(request: TrainingRequest) -> Decision | None:
    dataset = request.existing_dataset
    if dataset.status.observed_generation >= dataset.metadata.generation:
        return None
    text = f"Dataset {dataset.metadata.name} was just changed. Waiting until its status is current."
    return decision.working("training.dataset_changed", Reason.DATASET_NOT_READY, text)


def _dataset_without_revision(request: TrainingRequest) -> Decision | None:
    status, name = request.existing_dataset.status, request.existing_dataset.metadata.name
    if status.revision is not None:
        return None
    why = conditions.condition_of(status, conditions.READY)
    said = f" ({why.reason}: {clause(why.message)})" if why else ""
    text = f"Dataset {name} has no usable revision{said}. The run starts when it has one."
    return decision.working("training.dataset_without_revision", Reason.DATASET_NOT_READY, text)


def _dataset_being_read(request: TrainingRequest) -> Decision | None:
    """Wait for the newer revision, unless the run names one that exists."""
    dataset = request.existing_dataset
    reading = conditions.condition_of(dataset.status, conditions.RECONCILING)
    if reading is None or reading.status != "True":
        return None
    if request.revision is not None and pinned(dataset, request.fields) is not None:
        return None
    delay = "" if reading.reason == DatasetReason.PROFILING else f" ({clause(reading.message)})"
    name = dataset.metadata.name
    then = "When that is done, the run starts with the newest revision."
    text = f"Dataset {name} is being read{delay}. {then}"
    return decision.working("training.dataset_being_read", Reason.DATASET_NOT_READY, text)


def _revision_unknown(request: TrainingRequest) -> Decision | None:
    dataset, wanted = request.existing_dataset, request.revision
    if dataset.status.revision is None or pinned(dataset, request.fields) is not None:
        return None
    revisions = ", ".join(str(each.revision) for each in dataset.status.history)
    remedy = request.remedy(
        "dataset_ref",
        edit="Fix spec.datasetRef.revision",
        new="with another spec.datasetRef.revision",
    )
    text = (
        f"Dataset {dataset.metadata.name} has no revision {wanted}. {remedy} Existing revisions: "
        f"{revisions}."
    )
    return decision.stalled(
        "training.revision_unknown", Reason.REVISION_UNKNOWN, text, revision=wanted
    )


def _question_missing(request: TrainingRequest) -> Decision | None:
    if request.existing_dataset.spec.question is not None:
        return None
    name = request.existing_dataset.metadata.name
    text = f"Dataset {name} has no spec.question. Set it there, with task and target."
    return decision.stalled("training.question_missing", Reason.QUESTION_MISSING, text)


def _target_missing(request: TrainingRequest) -> Decision | None:
    target, columns, name = (
        request.question.target,
        request.columns,
        request.existing_dataset.metadata.name,
    )
    if target in columns:
        return None
    text = (
        f"The target {target} is no column of Dataset {name}. Set its spec.question.target to one "
        f"of {_listed(columns)}."
    )
    return decision.stalled("training.target_missing", Reason.TARGET_MISSING, text, target=target)


def _feature_is_target(request: TrainingRequest) -> Decision | None:
    target, name = request.question.target, request.existing_dataset.metadata.name
    if target not in request.fields.features:
        return None
    remedy = request.remedy("features", edit="Remove it from spec.features", new="without it")
    text = f"spec.features names {target}, which is the target of Dataset {name}. {remedy}"
    return decision.stalled("training.feature_is_target", Reason.FEATURE_IS_TARGET, text)


def _feature_twice(request: TrainingRequest) -> Decision | None:
    names = request.fields.features
    twice = [each for each in dict.fromkeys(names) if names.count(each) > 1]
    if not twice:
        return None
    remedy = request.remedy("features", edit="Name it once", new="with each feature once")
    text = f"spec.features names {_listed(twice)} more than once. {remedy}"
    return decision.stalled("training.feature_twice", Reason.FEATURE_TWICE, text)


def _feature_unknown(request: TrainingRequest) -> Decision | None:
    """Compare with the schema in the spec; an older revision may have had another schema."""
    columns, name = request.columns, request.existing_dataset.metadata.name
    unknown = [each for each in request.fields.features if each not in columns]
    if not unknown or request.revision not in (None, request.existing_dataset.status.revision):
        return None
    remedy = request.remedy("features", edit="Fix spec.features", new="with other features")
    text = (
        f"spec.features names {_listed(unknown)}, but Dataset {name} has no such column. {remedy} "
        f"Columns of the Dataset: {_listed(columns)}."
    )
    return decision.stalled("training.feature_unknown", Reason.FEATURE_UNKNOWN, text)


def _gate_unfit(request: TrainingRequest) -> Decision | None:
    """Refuse gates that can never pass, before hours of training."""
    task, name = request.question.task, request.existing_dataset.metadata.name
    classes = _classes(request)
    unfit = list(gates.inapplicable(request.fields.gates or Gates(), task, classes))
    if not unfit:
        return None
    field, metric = unfit[0]
    if metric.task == task:
        why = gates.too_many(metric, request.question.target, classes or 0)
        said = f"Invalid spec.gates.{field} for Dataset {name}: {why}."
    else:
        fit = ", ".join(sorted(metrics.fitting(task)))
        said = (
            f"Invalid spec.gates.{field}: {metric.name} does not apply to {task} (Dataset {name}), "
            f"but {fit} do."
        )
    remedy = request.remedy("gates", edit=f"Fix spec.gates.{field}", new="with another metric")
    text = f"{said} {remedy}"
    return decision.stalled(
        "training.gate_unfit", Reason.METRIC_NOT_APPLICABLE, text, metric=metric.name
    )


def _classes(request: TrainingRequest) -> int | None:
    """Return how many classes the schema declares; None when only the data can tell.

    An older revision may have had another schema.
    """
    columns, question = request.existing_dataset.spec.schema_.columns, request.question
    target = next((each for each in columns if each.name == question.target), None)
    older = request.revision not in (None, request.existing_dataset.status.revision)
    if target is None or older or question.task == "Regression":
        return None
    return 2 if target.type == "boolean" else len(target.values) or None


def _fits(request: TrainingRequest) -> Decision:
    number = len(request.fields.features) or len(request.columns) - 1
    features = f"{number} feature{'s' * (number != 1)}"
    name, target = request.existing_dataset.metadata.name, request.question.target
    text = f"Valid for Dataset {name}: {features}, target {target}.{_resolution_text(request)}"
    return decision.ready("training.fits", TrainingTemplateReason.SPEC_VALID, text)


def _resolution_text(request: TrainingRequest) -> str:
    """Return which difference between models the held-out rows can show, if a gate compares."""
    held, gates = request.existing_dataset.status.holdout, request.fields.gates
    if not (held and held.rows and gates and gates.champion):
        return ""
    if request.question.task == "Regression":
        return ""
    shown = number(resolution(held.rows))
    return (
        f" Its {held.rows} held-out rows can show that a model is worse by {shown} in accuracy "
        f"(if a tenth of its predictions differ from the champion's)."
    )


def _listed(words: list[str]) -> str:
    shown = ", ".join(words[:SHOWN])
    return f"{shown} and {len(words) - SHOWN} more" if len(words) > SHOWN else shown


def _secrets(env: list[Manifest]) -> set[str]:
    """Return the names of the Secrets that variables read."""
    references = [(each.get("valueFrom") or {}).get("secretKeyRef") or {} for each in env]
    return {reference.get("name", "") for reference in references}


Rule = Callable[[TrainingRequest], Decision | None]
BLOCKED: tuple[Callable[[TrainingRunSnapshot], Decision | None], ...] = (
    _suspended,  # spec.suspend is set
    _without_store,  # its namespace cannot reach the store
)
SPEC: tuple[Rule, ...] = (
    _incomplete,  # neither run nor template has datasetRef, or neither has trainer
    _names_store_secret,  # the user's container would have the store's credentials
    _dataset_absent,  # there is no Dataset of that name
)
QUESTION: tuple[Rule, ...] = (
    _revision_unknown,  # the Dataset has revisions, but not this one
    _question_missing,  # the Dataset does not say what to predict
    _target_missing,  # the target is no column
    _feature_is_target,  # the model would read the answer
    _feature_twice,  # a feature is named twice
    _feature_unknown,  # a feature is no column
    _gate_unfit,  # a gate's metric does not fit the task
)
RUN: tuple[Rule, ...] = (
    _template_missing,  # there is no template of that name
    *SPEC,
    _dataset_changed,  # the status of the Dataset is older than its spec
    _dataset_without_revision,  # there is no valid data yet
    _dataset_being_read,  # a newer revision may follow
    *QUESTION,
)
TEMPLATE: tuple[Rule, ...] = (
    *SPEC,
    *QUESTION,
    _fits,  # a training can start
)

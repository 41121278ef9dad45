"""Which model should serve: the named one, or the newest accepted one; never an older one.

The model that serves is always a candidate itself: it continues to serve when its run is deleted.
A rollout is known by its identity, a short hash of model, image and server settings. A model that
already runs, or was tried, keeps the image that was recorded with it. So a new default image of a
new operator release is used by the next model, and restarts no pods.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from plumbline.api import canonical, decision, names
from plumbline.api.decision import Decision, first
from plumbline.api.meta import Gate
from plumbline.api.sentences import clause, sentence
from plumbline.api.v1alpha1 import ModelDeployment, TrainingRun
from plumbline.api.v1alpha1.model_deployment import Canary, Rejected, Served
from plumbline.api.v1alpha1.model_deployment import ModelDeploymentReason as Reason
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot
from plumbline.stats import gates
from plumbline.stats.intervals import Interval

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
IDENTITY_LENGTH = 10
# As many as the CRD allows.
REJECTED_LIMIT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The model that should serve, and why the newest run should not.

    Attributes:
        served: the model and its server; None when there is no model to serve.
        refusal: None when the newest run should serve.
    """

    served: Served | None
    refusal: Decision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A run that may serve."""

    run: TrainingRun
    snapshot: ModelDeploymentSnapshot

    @property
    def name(self) -> str:
        """Name of the run."""
        return self.run.metadata.name

    @property
    def deployment(self) -> ModelDeployment:
        """The deployment for which it may serve."""
        return self.snapshot.deployment

    @property
    def served(self) -> Served:
        """The model as the deployment would serve it now; only an evaluated run has one."""
        image = self.snapshot.settings.server_image
        return _served(self.run, self.deployment, default_image=image)

    @property
    def is_serving(self) -> bool:
        """Whether exactly this serves now, such as a model that was retried after a rollback."""
        stable = self.deployment.status.stable
        return stable is not None and stable.identity == self.served.identity


def choose(snapshot: ModelDeploymentSnapshot) -> Target:
    """Return the model that should serve: that of the newest run that nothing refuses."""
    refusals: list[Decision] = []
    for run in _wanted_runs(snapshot):
        candidate = Candidate(run=run, snapshot=snapshot)
        refusal = first(REFUSALS, candidate)
        if refusal is None:
            return Target(served=candidate.served, refusal=next(iter(refusals), None))
        refusals.append(refusal)
    why = refusals[0] if refusals else _why_no_replacement(snapshot)
    return Target(served=_model_to_keep(snapshot), refusal=why)


def _wanted_runs(snapshot: ModelDeploymentSnapshot) -> list[TrainingRun]:
    """Return the runs to consider, the newest first."""
    if snapshot.deployment.spec.model.run_ref:
        return list(snapshot.runs)
    present = [(served, _maker(served, snapshot.runs)) for served in _present(snapshot)]
    newer = (run for run in snapshot.runs if all(_is_newer(run, *each) for each in present))
    return sorted(newer, key=_recency, reverse=True)


def _recency(run: TrainingRun) -> tuple[bool, int, datetime, str]:
    """Return the sort key: data of a newer revision is newer, then the later completion."""
    status = run.status
    revision = status.dataset.revision if status.dataset else 0
    # A run without a verdict cannot serve yet, so it is no newer than one that can.
    is_judged = status.verdict is not None
    return (is_judged, revision, status.completion_time or EPOCH, run.metadata.name)


def _maker(served: Served, runs: Iterable[TrainingRun]) -> TrainingRun | None:
    """Return the run that made a model; a later run of the same name did not make it."""
    for run in runs:
        if run.metadata.name == served.run:
            return run if run.status.model and run.status.model.digest == served.model else None
    return None


def _is_newer(run: TrainingRun, present: Served, maker: TrainingRun | None) -> bool:
    """Return whether a run is newer than a present model, and did not make it."""
    if maker is not None:
        return _recency(run) > _recency(maker)
    # The run of the model was deleted: compare with what is recorded about the model.
    revision = run.status.dataset.revision if run.status.dataset else 0
    finished = run.status.completion_time or EPOCH
    return (revision, finished) > (present.revision, present.since or EPOCH)


def _not_judged_yet(candidate: Candidate) -> Decision | None:
    status = candidate.run.status
    if _has_model(candidate) or status.completion_time is not None:
        return None
    text = f"Waiting until run {candidate.name} is evaluated."
    return decision.working("model_deployment.not_judged_yet", Reason.WAITING_FOR_RUN, text)


def _without_model(candidate: Candidate) -> Decision | None:
    if _has_model(candidate):
        return None
    name, namespace = candidate.name, candidate.deployment.metadata.namespace
    see = f"Run kubectl describe trainingrun {name} -n {namespace} for details."
    return _not_accepted("without_model", f"Run {name} made no model. {see}")


def _failed_own_gates(candidate: Candidate) -> Decision | None:
    status = candidate.run.status
    if status.verdict == "Passed":
        return None
    missed = "; ".join(clause(each.message) for each in status.gates if each.verdict != "Passed")
    said = f"Run {candidate.name} did not pass its own gates ({status.verdict})"
    text = f"{said}: {missed}." if missed else f"{said}."
    return _not_accepted("failed_own_gates", text)


def _misses_gate(candidate: Candidate) -> Decision | None:
    """Refuse a model whose confidence bound does not meet a gate, even if its estimate does."""
    for gate in candidate.deployment.spec.accept.gates:
        if missed := _missed_text(candidate.run, gate):
            text = f"Run {candidate.name} does not pass spec.accept.gates: {missed}."
            return _not_accepted("misses_gate", text)
    return None


def _rolled_back(candidate: Candidate) -> Decision | None:
    rejected = _rejection(candidate.deployment, candidate.served.identity)
    if rejected is None or candidate.is_serving:
        return None
    told = rollback_text(candidate.deployment, candidate.name, rejected)
    text = f"{told} {retry_text(candidate.deployment)}"
    return decision.working(
        "model_deployment.rolled_back", Reason.ROLLED_BACK, text, run=candidate.name
    )


def _rolled_back_long_ago(candidate: Candidate) -> Decision | None:
    """Refuse an old run after many rollbacks; a run that the spec names is tried."""
    deployment = candidate.deployment
    by_hand = deployment.spec.model.run_ref is not None
    if by_hand or candidate.is_serving or not _may_be_forgotten(deployment, candidate.run):
        return None
    number = len(deployment.status.rejected)
    text = (
        f"Run {candidate.name} is older than all {number} rollbacks in status.rejected. It may "
        f"have been rolled back before, so it is not tried. {retry_text(deployment)}"
    )
    rule = "model_deployment.rolled_back_long_ago"
    return decision.working(rule, Reason.ROLLED_BACK, text, run=candidate.name)


def retry_text(deployment: ModelDeployment) -> str:
    """Return the sentence that says how to try again."""
    return (
        f"Run kubectl annotate mdep {deployment.metadata.name} -n {deployment.metadata.namespace} "
        f"{names.RETRY_ANNOTATION}=$(date +%s) --overwrite to try again."
    )


def rollback_text(deployment: ModelDeployment, run: str, rejected: Rejected) -> str:
    """Return the sentences that say why a run was rolled back."""
    what, served = rolled_back(deployment, run)
    return f"{what} was rolled back ({rejected.reason}). {sentence(rejected.message)}{served}"


def rolled_back(deployment: ModelDeployment, run: str) -> tuple[str, str]:
    """Return what was rolled back, and a sentence if the same run still serves (else empty).

    A changed spec.server is rolled out like a new model, so the run may still serve as before.
    """
    stable = deployment.status.stable
    if stable is None or stable.run != run:
        return f"Run {run}", ""
    return f"The change to run {run} (its model or spec.server)", f" Run {run} serves as before."


def _has_model(candidate: Candidate) -> bool:
    status = candidate.run.status
    return status.verdict is not None and status.model is not None


def _not_accepted(rule: str, text: str) -> Decision:
    return decision.working(f"model_deployment.{rule}", Reason.NOT_ACCEPTED, text)


def _missed_text(run: TrainingRun, gate: Gate) -> str:
    """Return how the run does not pass a gate, or an empty string."""
    found = next((each for each in run.status.metrics if each.name == gate.metric), None)
    if found is None:
        known = ", ".join(sorted(each.name for each in run.status.metrics)) or "none"
        return f"it has no metric {gate.metric} (its metrics: {known})"
    # The bounds in the status already take groups into account, so here groups is n.
    interval = Interval(
        value=found.value, low=found.low, high=found.high, n=found.n, groups=found.n
    )
    result = gates.judge_metric(gate.metric, interval, minimum=gate.min, maximum=gate.max)
    return "" if result.verdict == "Passed" else result.message


def _model_to_keep(snapshot: ModelDeploymentSnapshot) -> Served | None:
    """Return the model that rolls out or serves, when no run should replace it."""
    deployment = snapshot.deployment
    for served in _present(snapshot):
        # A changed spec.server gives another identity, which may have been rejected.
        current = _with_server(served, deployment)
        if _rejection(deployment, current.identity) is None:
            return current
    return deployment.status.stable


def _present(snapshot: ModelDeploymentSnapshot) -> Iterator[Served]:
    """Yield the models that need no run: a canary whose run was deleted, the one that serves."""
    choice, status = snapshot.deployment.spec.model, snapshot.deployment.status
    under_way = status.canary.run if status.canary else ""
    is_selected = choice.run_ref is None or choice.run_ref.name == under_way
    if status.canary and is_selected and _maker(status.canary, snapshot.runs) is None:
        yield as_served(status.canary)
    if status.stable:
        yield status.stable


def _why_no_replacement(snapshot: ModelDeploymentSnapshot) -> Decision | None:
    """Return why no run can replace the model that serves; None when there is nothing to report."""
    choice, stable = snapshot.deployment.spec.model, snapshot.deployment.status.stable
    if stable and (choice.run_ref is None or choice.run_ref.name == stable.run):
        # The gates of the spec may have changed since this model was promoted. It still serves.
        own = [run for run in snapshot.runs if run.metadata.name == stable.run]
        refusals = (first(REFUSALS, Candidate(run=run, snapshot=snapshot)) for run in own)
        return next((refusal for refusal in refusals if refusal), None)
    if choice.run_ref:
        text = (
            f"TrainingRun {choice.run_ref.name} does not exist. Create it or fix spec.model.runRef."
        )
        return decision.working("model_deployment.run_missing", Reason.WAITING_FOR_RUN, text)
    labels = choice.selector.match_labels if choice.selector else {}
    wanted = ",".join(f"{name}={value}" for name, value in sorted(labels.items()))
    text = f"Waiting for a TrainingRun with the labels {wanted}."
    return decision.working("model_deployment.no_run", Reason.WAITING_FOR_RUN, text)


def _served(run: TrainingRun, deployment: ModelDeployment, *, default_image: str) -> Served:
    """Return the model of an evaluated run as this deployment would serve it now.

    Raises:
        ValueError: the run has no model.
    """
    model, data, name = run.status.model, run.status.dataset, run.metadata.name
    if model is None:
        raise ValueError(f"run {name} has no model")
    found = Served(
        identity="",  # it depends on the server, which is added below
        model=model.digest,
        manifest=model.manifest,
        run=name,
        image=_recorded_image(deployment, model=model.digest, run=name) or default_image,
        revision=data.revision if data else 0,
    )
    return _with_server(found, deployment)


def _with_server(served: Served, deployment: ModelDeployment) -> Served:
    """Return a model with the image and the resources that the spec has now."""
    wanted = deployment.spec.server
    image = wanted.image or served.image
    settings = wanted.resources.model_dump(mode="json", by_alias=True)
    parts = {"model": served.model, "image": image, "server": settings}
    identity = canonical.short(parts, length=IDENTITY_LENGTH)
    others = served.model_dump(exclude={"identity", "image", "since"})
    return Served.model_validate({**others, "identity": identity, "image": image})


def _recorded_image(deployment: ModelDeployment, *, model: str, run: str) -> str:
    """Return the image with which a model runs or was rejected, or an empty string."""
    status = deployment.status
    for served in (status.stable, status.canary):
        if served and served.model == model:
            return served.image
    # A rejection does not record the model's digest: its run stands for it.
    return next((each.image for each in _valid_rejections(deployment) if each.run == run), "")


def as_served(canary: Canary) -> Served:
    """Return the model of a canary without its rollout steps."""
    return Served.model_validate({name: getattr(canary, name) for name in Served.model_fields})


def retry_annotation(deployment: ModelDeployment) -> str:
    """Return the value of the annotation that requests another try of rejected models."""
    # A rejection records it, with the length that the CRD allows.
    return deployment.metadata.annotations.get(names.RETRY_ANNOTATION, "")[:253]


def _rejection(deployment: ModelDeployment, identity: str) -> Rejected | None:
    """Return why an identity is not tried again, or None when it may be tried."""
    return next((each for each in _valid_rejections(deployment) if each.identity == identity), None)


def _may_be_forgotten(deployment: ModelDeployment, run: TrainingRun) -> bool:
    """Return whether a run may have been rolled back so long ago that the status no longer says so.

    The list of rejected models is bounded. When it is full, a run that finished before its oldest
    entry and is not in it counts as rolled back: else bad models would be tried in turns, for ever.
    """
    valid = _valid_rejections(deployment)
    if len(valid) < REJECTED_LIMIT or run.metadata.name in {each.run for each in valid}:
        return False
    ended, oldest = run.status.completion_time, valid[-1].time
    return ended is not None and oldest is not None and ended <= oldest


def _valid_rejections(deployment: ModelDeployment) -> list[Rejected]:
    """Return the rejections since the newest request for another try, newest first."""
    retry = retry_annotation(deployment)
    return [each for each in deployment.status.rejected if each.retry == retry]


REFUSALS: tuple[Callable[[Candidate], Decision | None], ...] = (
    _not_judged_yet,  # it has no verdict yet
    _without_model,  # it finished without a model
    _failed_own_gates,  # its own gates did not pass
    _misses_gate,  # the gates of this deployment do not pass
    _rolled_back,  # it was tried here, and no retry was requested
    _rolled_back_long_ago,  # it may have been tried before the oldest known rollback
)

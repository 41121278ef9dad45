"""Which model should serve: the one named, or the newest that is accepted; never an older one.

What serves is always a candidate itself, run or no run: it goes on serving when its run is deleted.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from plumbline.api.reasons import ModelDeploymentReason as Reason
from plumbline.api.v1alpha1 import ModelDeployment, TrainingRun
from plumbline.api.v1alpha1.model_deployment import Served
from plumbline.plan.model_deployment import acceptance as rollout_accept
from plumbline.plan.model_deployment import identity as rollout_identity
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What should serve, and why the newest run does not if it does not.

    Attributes:
        target: the model in the server to end up with; None when there is nothing to serve.
        reason: WaitingForRun, NotAccepted or RolledBack; empty when the newest run is the target.
        message: the same in a sentence.
    """

    target: Served | None
    reason: str = ""
    message: str = ""


def choose(snapshot: ModelDeploymentSnapshot) -> Choice:
    """Return what should serve."""
    refusals: list[tuple[str, str]] = []
    for run in _wanted_runs(snapshot):
        refusal = _refusal(run, snapshot)
        if refusal is None:
            return _chosen(_of_run(run, snapshot), refusals)
        refusals.append(refusal)
    return _chosen(_kept(snapshot), refusals or _about_what_serves(snapshot))


def _chosen(target: Served | None, refusals: Sequence[tuple[str, str]]) -> Choice:
    """Return the choice with why the first run was passed over, if one was."""
    reason, message = next(iter(refusals), ("", ""))
    return Choice(target=target, reason=str(reason), message=message)


def _wanted_runs(snapshot: ModelDeploymentSnapshot) -> list[TrainingRun]:
    """Return the runs to consider, the best first."""
    if snapshot.deployment.spec.model.run_ref:
        return list(snapshot.runs)
    present = [(served, _maker(served, snapshot.runs)) for served in _present(snapshot)]
    newer = (run for run in snapshot.runs if all(_is_newer(run, *each) for each in present))
    return sorted(newer, key=age_key, reverse=True)


def age_key(run: TrainingRun) -> tuple[bool, int, datetime, str]:
    """Return what makes one run newer than another: data revision, then completion time."""
    status = run.status
    revision = status.dataset.revision if status.dataset else 0
    judged = status.verdict is not None
    return (judged, revision, status.completion_time or EPOCH, run.metadata.name)


def _maker(served: Served, runs: Iterable[TrainingRun]) -> TrainingRun | None:
    """Return the run that made a model; one made again under its name has made another, or none."""
    for run in runs:
        if run.metadata.name == served.run:
            return run if run.status.model and run.status.model.digest == served.model else None
    return None


def _is_newer(run: TrainingRun, present: Served, maker: TrainingRun | None) -> bool:
    """Tell whether a run is newer than what serves or is under way; the run that made it is not."""
    if maker is not None:
        return age_key(run) > age_key(maker)
    revision = run.status.dataset.revision if run.status.dataset else 0
    finished = run.status.completion_time or EPOCH
    return (revision, finished) > (present.revision, present.since or EPOCH)


def _refusal(run: TrainingRun, snapshot: ModelDeploymentSnapshot) -> tuple[str, str] | None:
    """Return why a run is not to be served, or None."""
    deployment = snapshot.deployment
    refusal = rollout_accept.refusal(run, deployment.spec.accept.gates)
    if refusal is not None:
        return refusal
    rejected = rollout_identity.rejection(deployment, _of_run(run, snapshot).identity)
    if rejected is None:
        return _forgotten(run, deployment)
    said = f"run {run.metadata.name} was rolled back: {rejected.reason}: {rejected.message}"
    return Reason.ROLLED_BACK, f"{said}. {how_to_retry(deployment)}"


def _forgotten(run: TrainingRun, deployment: ModelDeployment) -> tuple[str, str] | None:
    """Return why a run of many is not tried after many rollbacks, or None; one named by hand is."""
    by_hand = deployment.spec.model.run_ref is not None
    if by_hand or not rollout_identity.may_be_forgotten(deployment, run):
        return None
    number = len(deployment.status.rejected)
    said = f"run {run.metadata.name} ended before the last {number} rollbacks, and earlier ones"
    return Reason.ROLLED_BACK, f"{said} are not remembered. {how_to_retry(deployment)}"


def how_to_retry(deployment: ModelDeployment) -> str:
    """Return the sentence that says how to ask for another try."""
    return (
        f"To try again: kubectl annotate mdep {deployment.metadata.name} "
        f"-n {deployment.metadata.namespace} --overwrite plumbline.dev/retry=<another word>"
    )


def _of_run(run: TrainingRun, snapshot: ModelDeploymentSnapshot) -> Served:
    return rollout_identity.of_run(
        run, snapshot.deployment, default_image=snapshot.settings.server_image
    )


def _kept(snapshot: ModelDeploymentSnapshot) -> Served | None:
    """Return what is under way or serves, when no run says anything else."""
    deployment = snapshot.deployment
    for served in _present(snapshot):
        now = rollout_identity.with_server(served, deployment)
        if rollout_identity.rejection(deployment, now.identity) is None:
            return now
    return deployment.status.stable


def _present(snapshot: ModelDeploymentSnapshot) -> Iterator[Served]:
    """Yield a canary whose run has been deleted since, then what serves."""
    choice, status = snapshot.deployment.spec.model, snapshot.deployment.status
    under_way = status.canary.run if status.canary else ""
    is_named = choice.run_ref is None or choice.run_ref.name == under_way
    if status.canary and is_named and _maker(status.canary, snapshot.runs) is None:
        yield rollout_identity.as_served(status.canary)
    if status.stable:
        yield status.stable


def _about_what_serves(snapshot: ModelDeploymentSnapshot) -> list[tuple[str, str]]:
    """Return what there is to say when no other run is in question."""
    choice, stable = snapshot.deployment.spec.model, snapshot.deployment.status.stable
    if stable and (choice.run_ref is None or choice.run_ref.name == stable.run):
        own = [run for run in snapshot.runs if run.metadata.name == stable.run]
        return [refusal for run in own if (refusal := _refusal(run, snapshot))]
    if choice.run_ref:
        return [(Reason.WAITING_FOR_RUN, f"TrainingRun {choice.run_ref.name} does not exist yet")]
    labels = choice.selector.match_labels if choice.selector else {}
    wanted = ",".join(f"{name}={value}" for name, value in sorted(labels.items()))
    return [(Reason.WAITING_FOR_RUN, f"no TrainingRun has the labels {wanted} yet")]

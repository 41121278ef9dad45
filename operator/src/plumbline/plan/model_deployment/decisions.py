"""The decisions about a ModelDeployment: whether it serves, and the progress of a rollout."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from plumbline.api import decision, names
from plumbline.api.decision import Decision, decide
from plumbline.api.sentences import clause, sentence
from plumbline.api.v1alpha1.model_deployment import Canary, ModelDeploymentStatus
from plumbline.api.v1alpha1.model_deployment import ModelDeploymentReason as Reason
from plumbline.plan.common import conditions
from plumbline.plan.common.pod_failures import PodFailure
from plumbline.plan.model_deployment import workload
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot
from plumbline.plan.model_deployment.target import Target, retry_text, rollback_text
from plumbline.plan.specs import service as services

PROGRESSING = "Progressing"


@dataclass(frozen=True, kw_only=True)
class DeploymentState:
    """A ModelDeployment after this pass.

    Attributes:
        target: the model that should serve.
        status: its status with the roles that models have now, without conditions.
    """

    snapshot: ModelDeploymentSnapshot
    target: Target
    status: ModelDeploymentStatus

    @property
    def is_suspended(self) -> bool:
        """Whether spec.suspend pauses rollouts."""
        return self.snapshot.deployment.spec.suspend

    @cached_property
    def canary_trouble(self) -> PodFailure | None:
        """Why the canary's pods are not ready, or None."""
        return workload.canary_trouble(self.snapshot)

    @property
    def is_overdue(self) -> bool:
        """Whether the canary's pods exceeded their deadline and have no problem that passes."""
        trouble = self.canary_trouble
        return workload.is_overdue(self.snapshot) and not (trouble and trouble.passes)

    @cached_property
    def stable_pods(self) -> workload.Pods:
        """The pods of the model that serves."""
        stable = self.status.stable
        return workload.pods_of(self.snapshot, stable.identity if stable else "")

    @property
    def serving_run_text(self) -> str:
        """The model that serves, such as `Run a (data revision 3)`; empty when none does."""
        stable = self.status.stable
        if stable is None:
            return ""
        return f"Run {stable.run} (data revision {stable.revision})"


def availability(state: DeploymentState) -> Decision:
    """Return the decision of condition Ready: whether the deployment serves."""
    if state.status.stable is None:
        return decide(NEVER_SERVED, state)
    return decide(SERVING, state)


def progress(state: DeploymentState) -> Decision:
    """Return the decision of condition Progressing: Working while a rollout is under way."""
    return replace(decide(PROGRESS, state), condition_type=PROGRESSING)


def _suspended(state: DeploymentState) -> Decision | None:
    if not state.is_suspended:
        return None
    text = "Paused because spec.suspend is true: no rollout starts."
    return decision.held("model_deployment.suspended", Reason.SUSPENDED, text)


def _nothing_to_serve(state: DeploymentState) -> Decision | None:
    """Return why no run may serve: the refusal of the newest one."""
    is_empty = state.status.canary is None and state.target.served is None
    return state.target.refusal if is_empty else None


def _not_begun(state: DeploymentState) -> Decision | None:
    if state.status.canary or state.target.served is None:
        return None
    text = f"The rollout of run {state.target.served.run} is starting."
    return decision.working("model_deployment.not_begun", Reason.STARTING, text)


def _without_store(state: DeploymentState) -> Decision | None:
    # Only about the first model. Pods that have their model need no store, so nothing is blocked;
    # when the pods of a later model cannot fetch theirs, the kubelet reports the missing Secret.
    return conditions.without_store(
        state.snapshot.deployment.metadata.namespace,
        state.snapshot.settings,
        rule="model_deployment.without_store",
        reason=Reason.STORE_CREDENTIALS_MISSING,
    )


def _cannot_start(state: DeploymentState) -> Decision | None:
    trouble = state.canary_trouble
    if trouble is None or not (trouble.is_final or state.is_overdue):
        return None
    text = f"{_canary_text(state)} cannot start. {sentence(trouble.message)}"
    return decision.stalled("model_deployment.cannot_start", trouble.reason, text)


def _does_not_start_yet(state: DeploymentState) -> Decision | None:
    trouble = state.canary_trouble
    if trouble is None:
        return None
    text = f"{_canary_text(state)} is waiting to start. {sentence(trouble.message)}"
    return decision.working("model_deployment.does_not_start_yet", trouble.reason, text)


def _overdue(state: DeploymentState) -> Decision | None:
    if not state.is_overdue:
        return None
    seconds = state.snapshot.deployment.spec.rollout.progress_deadline_seconds
    metadata = state.snapshot.deployment.metadata
    text = (
        f"{_canary_text(state)}: its pods were not ready within {seconds} s. Run kubectl describe "
        f"pods -n {metadata.namespace} -l {names.DEPLOYMENT_LABEL}={metadata.name} for details."
    )
    reason = Reason.PROGRESS_DEADLINE_EXCEEDED
    return decision.stalled("model_deployment.overdue", reason, text, seconds=seconds)


def _starting(state: DeploymentState) -> Decision:
    text = f"{_canary_text(state)} is starting: waiting for its pods."
    return decision.working("model_deployment.starts", Reason.STARTING, text)


def _scaled_to_zero(state: DeploymentState) -> Decision | None:
    if state.stable_pods.wanted != 0:
        return None
    text = f"{state.serving_run_text} has no serving pods, because spec.replicas is 0."
    return decision.ready("model_deployment.scaled_to_zero", Reason.SCALED_TO_ZERO, text)


def _unavailable(state: DeploymentState) -> Decision | None:
    pods, stable = state.stable_pods, state.status.stable
    if pods.ready != 0 or stable is None:
        return None
    trouble = workload.trouble(state.snapshot, stable.identity)
    said = sentence(trouble.message) if trouble else "Waiting for its pods."
    text = f"{state.serving_run_text} does not serve now: 0 of {pods.wanted} pods are ready. {said}"
    reason = trouble.reason if trouble else Reason.UNAVAILABLE
    return decision.working("model_deployment.unavailable", reason, text, wanted=pods.wanted)


def _serves(state: DeploymentState) -> Decision:
    paused = " Rollouts are paused because spec.suspend is true." if state.is_suspended else ""
    url, stable = services.url(state.snapshot.deployment), state.status.stable
    text = f"{state.serving_run_text} serves at {url}.{paused}"
    evidence = {"run": stable.run, "identity": stable.identity} if stable else {}
    return decision.ready("model_deployment.serves", Reason.SERVING, text, **evidence)


def _suspended_under_way(state: DeploymentState) -> Decision | None:
    canary = state.status.canary
    if canary is None or not state.is_suspended:
        return None
    where = f" at {canary.weight} %" if canary.weight else ""
    text = f"Paused{where} because spec.suspend is true. {_progress_text(state, canary)}"
    return decision.held("model_deployment.held_under_way", Reason.SUSPENDED, text, run=canary.run)


def _under_way(state: DeploymentState) -> Decision | None:
    canary = state.status.canary
    if canary is None:
        return None
    trouble = state.canary_trouble
    starting = trouble.reason if trouble else Reason.STARTING
    reason = Reason.CANARY_RUNNING if canary.weight else starting
    evidence = {"run": canary.run, "step": canary.step, "weight": canary.weight}
    text = _progress_text(state, canary)
    return decision.working("model_deployment.under_way", reason, text, **evidence)


def _draining(state: DeploymentState) -> Decision | None:
    if not state.status.retiring:
        return None
    runs = ", ".join(old.run for old in state.status.retiring)
    text = f"The pods of run {runs} are draining."
    return decision.working("model_deployment.retiring", Reason.DRAINING, text)


def _just_rolled_back(state: DeploymentState) -> Decision | None:
    rejected, deployment = state.status.rejected, state.snapshot.deployment
    if not rejected or rejected == deployment.status.rejected:
        return None
    newest = rejected[0]
    text = f"{rollback_text(deployment, newest.run, newest)} {retry_text(deployment)}"
    rule = "model_deployment.just_rolled_back"
    return decision.held(rule, Reason.ROLLED_BACK, text, run=newest.run)


def _passed_over(state: DeploymentState) -> Decision | None:
    """Return why the newest run should not serve."""
    # A run that is passed over is no work under way: Progressing is False.
    return replace(state.target.refusal, state="Held") if state.target.refusal else None


def _idle(state: DeploymentState) -> Decision:
    return decision.held("model_deployment.idle", Reason.IDLE, "No rollout is under way.")


def _canary_text(state: DeploymentState) -> str:
    canary = state.status.canary
    return f"Run {canary.run} (data revision {canary.revision})" if canary else "No run"


def _progress_text(state: DeploymentState, canary: Canary) -> str:
    """Return the progress of the canary, in numbers that rarely change."""
    if not canary.weight:
        trouble = state.canary_trouble
        said = sentence(trouble.message) if trouble else "Waiting for its pods."
        return f"{_canary_text(state)} is starting. {said}"
    rollout = state.snapshot.deployment.spec.rollout
    where = f"step {canary.step + 1} of {len(rollout.steps)}"
    needed = rollout.analysis.min_requests
    said = clause(canary.message) or f"no requests counted yet, {needed} are needed"
    share = f"{_canary_text(state)} serves {canary.weight} % of the requests ({where})"
    return f"{share}. {canary.verdict}: {said}.{_awaits_text(state, canary)}"


def _awaits_text(state: DeploymentState, canary: Canary) -> str:
    """Return the sentence about what delays the next step, or nothing; it begins with a space."""
    pods = workload.pods_of(state.snapshot, canary.identity)
    if pods.available:
        return _no_requests_text(state) or _no_counts_text(state)
    trouble = workload.trouble(state.snapshot, canary.identity)
    why = f" {sentence(trouble.message)}" if trouble else ""
    count = f"{pods.ready} of {pods.wanted} are"
    return f" The rollout continues when all its pods are ready ({count}).{why}"


def _no_requests_text(state: DeploymentState) -> str:
    """Return the sentence that no stable pod is ready to forward requests, or nothing."""
    stable = state.snapshot.deployment.status.stable
    if stable is None or workload.pods_of(state.snapshot, stable.identity).ready:
        return ""
    canary = state.status.canary
    new = f"run {canary.run}" if canary else "the new run"
    return (
        f" The canary receives no requests, because the pods of run {stable.run} forward them and "
        f"none of these is ready. Fix those pods, or set spec.rollout.steps to [] to promote {new} "
        f"without a measurement."
    )


def _no_counts_text(state: DeploymentState) -> str:
    """Return the sentence that the counts of pods cannot be read, or nothing.

    Stable pods count the requests of both models; the canary's pods count its predictions.
    """
    status = state.snapshot.deployment.status
    measured = {served.identity for served in (status.stable, status.canary) if served}
    unreadable = [each for each in state.snapshot.traffic.unreadable if each.identity in measured]
    if not unreadable:
        return ""
    each = unreadable[0]
    others = f" and of {len(unreadable) - 1} more pods" if len(unreadable) > 1 else ""
    where = f"pod {each.pod} (image {each.image}){others}"
    return (
        f" The step cannot be measured, because the operator cannot read the counts of {where}: "
        f"{sentence(each.message)} Use the same version for the operator and the model server."
    )


Rule = Callable[[DeploymentState], Decision | None]
NEVER_SERVED: tuple[Rule, ...] = (
    _suspended,  # spec.suspend is true before a model serves
    _nothing_to_serve,  # no run may serve
    _not_begun,  # a run may serve, its rollout begins in the next pass
    _without_store,  # its namespace cannot reach the store
    _cannot_start,  # its pods have a problem, and waiting does not help or took too long
    _does_not_start_yet,  # its pods have a problem that may pass
    _overdue,  # its pods are not ready in time, for an unknown reason
    _starting,  # its pods are starting
)
SERVING: tuple[Rule, ...] = (
    _scaled_to_zero,  # spec.replicas is 0
    _unavailable,  # no pod is ready
    _serves,  # at least one pod is ready
)
PROGRESS: tuple[Rule, ...] = (
    _suspended_under_way,  # spec.suspend pauses a canary
    _under_way,  # a canary is starting or is measured
    _draining,  # pods of the previous model are draining
    _just_rolled_back,  # the canary is removed in this pass
    _passed_over,  # the newest run should not serve
    _idle,  # no rollout is under way
)

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
from plumbline.plan.model_deployment.target import Target, how_to_retry, rolled_back
from plumbline.plan.specs import service as services

PROGRESSING = "Progressing"


@dataclass(frozen=True, kw_only=True)
class After:
    """A ModelDeployment after this pass: its roles, its pods, and the model that should serve."""

    snapshot: ModelDeploymentSnapshot
    target: Target
    status: ModelDeploymentStatus

    @property
    def is_held(self) -> bool:
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
    def serves(self) -> str:
        """The model that serves, by its run."""
        stable = self.status.stable
        if stable is None:
            return ""
        return f"Run {stable.run} (data revision {stable.revision})"


def state(after: After) -> Decision:
    """Return whether the deployment serves."""
    if after.status.stable is None:
        return decide(NEVER_SERVED, after)
    return decide(SERVING, after)


def progress(after: After) -> Decision:
    """Return the progress of a rollout: Working while one is under way and not paused."""
    return replace(decide(PROGRESS, after), about=PROGRESSING)


def _held(after: After) -> Decision | None:
    if not after.is_held:
        return None
    text = "Paused because spec.suspend is true: no rollout starts."
    return decision.held("model_deployment.suspended", Reason.SUSPENDED, text)


def _nothing_to_serve(after: After) -> Decision | None:
    """Say why the newest run does not serve."""
    is_empty = after.status.canary is None and after.target.served is None
    return after.target.refusal if is_empty else None


def _not_begun(after: After) -> Decision | None:
    if after.status.canary or after.target.served is None:
        return None
    text = f"Run {after.target.served.run} is starting."
    return decision.working("model_deployment.not_begun", Reason.STARTING, text)


def _without_store(after: After) -> Decision | None:
    return conditions.without_store(
        after.snapshot.deployment.metadata.namespace,
        after.snapshot.settings,
        rule="model_deployment.without_store",
        reason=Reason.STORE_CREDENTIALS_MISSING,
    )


def _cannot_start(after: After) -> Decision | None:
    trouble = after.canary_trouble
    if trouble is None or not (trouble.is_final or after.is_overdue):
        return None
    text = f"{_canary(after)} cannot start. {sentence(trouble.message)}"
    return decision.stalled("model_deployment.cannot_start", trouble.reason, text)


def _does_not_start_yet(after: After) -> Decision | None:
    trouble = after.canary_trouble
    if trouble is None:
        return None
    text = f"{_canary(after)} is waiting to start. {sentence(trouble.message)}"
    return decision.working("model_deployment.does_not_start_yet", trouble.reason, text)


def _overdue(after: After) -> Decision | None:
    if not after.is_overdue:
        return None
    seconds = after.snapshot.deployment.spec.rollout.progress_deadline_seconds
    metadata = after.snapshot.deployment.metadata
    text = (
        f"{_canary(after)}: its pods were not ready within {seconds} s. Run kubectl describe pods "
        f"-n {metadata.namespace} -l {names.DEPLOYMENT_LABEL}={metadata.name} for details."
    )
    reason = Reason.PROGRESS_DEADLINE_EXCEEDED
    return decision.stalled("model_deployment.overdue", reason, text, seconds=seconds)


def _starts(after: After) -> Decision:
    text = f"{_canary(after)} is starting: waiting for its pods."
    return decision.working("model_deployment.starts", Reason.STARTING, text)


def _scaled_to_zero(after: After) -> Decision | None:
    if after.stable_pods.wanted != 0:
        return None
    text = f"{after.serves} has no serving pods, because spec.replicas is 0."
    return decision.ready("model_deployment.scaled_to_zero", Reason.SCALED_TO_ZERO, text)


def _unavailable(after: After) -> Decision | None:
    pods, stable = after.stable_pods, after.status.stable
    if pods.ready != 0 or stable is None:
        return None
    trouble = workload.trouble(after.snapshot, stable.identity)
    said = sentence(trouble.message) if trouble else "Waiting for its pods."
    text = f"{after.serves} does not serve now: 0 of {pods.wanted} pods are ready. {said}"
    reason = trouble.reason if trouble else Reason.UNAVAILABLE
    return decision.working("model_deployment.unavailable", reason, text, wanted=pods.wanted)


def _serves(after: After) -> Decision:
    paused = " Rollouts are paused because spec.suspend is true." if after.is_held else ""
    url, stable = services.url(after.snapshot.deployment), after.status.stable
    text = f"{after.serves} serves at {url}.{paused}"
    evidence = {"run": stable.run, "identity": stable.identity} if stable else {}
    return decision.ready("model_deployment.serves", Reason.SERVING, text, **evidence)


def _held_under_way(after: After) -> Decision | None:
    canary = after.status.canary
    if canary is None or not after.is_held:
        return None
    where = f" at {canary.weight} %" if canary.weight else ""
    text = f"Paused{where} because spec.suspend is true. {_how_far(after, canary)}"
    return decision.held("model_deployment.held_under_way", Reason.SUSPENDED, text, run=canary.run)


def _under_way(after: After) -> Decision | None:
    canary = after.status.canary
    if canary is None:
        return None
    trouble = after.canary_trouble
    starting = trouble.reason if trouble else Reason.STARTING
    reason = Reason.CANARY_RUNNING if canary.weight else starting
    evidence = {"run": canary.run, "step": canary.step, "weight": canary.weight}
    text = _how_far(after, canary)
    return decision.working("model_deployment.under_way", reason, text, **evidence)


def _retiring(after: After) -> Decision | None:
    if not after.status.retiring:
        return None
    runs = ", ".join(old.run for old in after.status.retiring)
    text = f"The pods of run {runs} are draining."
    return decision.working("model_deployment.retiring", Reason.DRAINING, text)


def _just_rolled_back(after: After) -> Decision | None:
    rejected, deployment = after.status.rejected, after.snapshot.deployment
    if not rejected or rejected == deployment.status.rejected:
        return None
    newest = rejected[0]
    text = f"{rolled_back(newest.run, newest)} {how_to_retry(deployment)}"
    rule = "model_deployment.just_rolled_back"
    return decision.held(rule, Reason.ROLLED_BACK, text, run=newest.run)


def _passed_over(after: After) -> Decision | None:
    """Say why the newest run should not serve."""
    return replace(after.target.refusal, state="Held") if after.target.refusal else None


def _idle(after: After) -> Decision:
    return decision.held("model_deployment.idle", Reason.IDLE, "No rollout is under way.")


def _canary(after: After) -> str:
    canary = after.status.canary
    return f"Run {canary.run} (data revision {canary.revision})" if canary else "No run"


def _how_far(after: After, canary: Canary) -> str:
    """Return the progress of the canary, in numbers that rarely change."""
    if not canary.weight:
        trouble = after.canary_trouble
        said = sentence(trouble.message) if trouble else "Waiting for its pods."
        return f"{_canary(after)} is starting. {said}"
    rollout = after.snapshot.deployment.spec.rollout
    where = f"step {canary.step + 1} of {len(rollout.steps)}"
    needed = rollout.analysis.min_requests
    said = clause(canary.message) or f"no requests counted yet, {needed} are needed"
    share = f"{_canary(after)} serves {canary.weight} % of the requests ({where})"
    return f"{share}. {canary.verdict}: {said}.{_missing(after, canary)}"


def _missing(after: After, canary: Canary) -> str:
    """Return what a canary with a share still waits for: its next step needs all its pods."""
    pods = workload.pods_of(after.snapshot, canary.identity)
    if pods.available:
        return _unasked(after) or _uncounted(after)
    trouble = workload.trouble(after.snapshot, canary.identity)
    why = f" {sentence(trouble.message)}" if trouble else ""
    count = f"{pods.ready} of {pods.wanted} are"
    return f" The rollout continues when all its pods are ready ({count}).{why}"


def _unasked(after: After) -> str:
    """Return why the canary receives no requests: no stable pod is ready to forward them."""
    stable = after.snapshot.deployment.status.stable
    if stable is None or workload.pods_of(after.snapshot, stable.identity).ready:
        return ""
    canary = after.status.canary
    new = f"run {canary.run}" if canary else "the new run"
    return (
        f" The canary receives no requests, because the pods of run {stable.run} forward them and "
        f"none of these is ready. Fix those pods, or set spec.rollout.steps to [] to promote {new} "
        f"without a measurement."
    )


def _uncounted(after: After) -> str:
    """Return whose counts cannot be read: a step needs the counts of all serving pods."""
    stable = after.snapshot.deployment.status.stable
    serving = stable.identity if stable else ""
    blind = [each for each in after.snapshot.traffic.unreadable if each.identity == serving]
    if not blind:
        return ""
    each = blind[0]
    others = f" and of {len(blind) - 1} more pods" if len(blind) > 1 else ""
    where = f"pod {each.pod} (image {each.image}){others}"
    return (
        f" The step cannot be measured, because the operator cannot read the counts of {where}: "
        f"{sentence(each.message)} Use the same version for the operator and the model server."
    )


Rule = Callable[[After], Decision | None]
NEVER_SERVED: tuple[Rule, ...] = (
    _held,  # spec.suspend is true before a model serves
    _nothing_to_serve,  # no run may serve
    _not_begun,  # a run may serve, its rollout begins in the next pass
    _without_store,  # its namespace cannot reach the store
    _cannot_start,  # its pods have a problem, and waiting does not help or took too long
    _does_not_start_yet,  # its pods have a problem that may pass
    _overdue,  # its pods are not ready in time, for an unknown reason
    _starts,  # its pods are starting
)
SERVING: tuple[Rule, ...] = (
    _scaled_to_zero,  # spec.replicas is 0
    _unavailable,  # no pod is ready
    _serves,  # at least one pod is ready
)
PROGRESS: tuple[Rule, ...] = (
    _held_under_way,  # spec.suspend pauses a canary
    _under_way,  # a canary is starting or is measured
    _retiring,  # pods of the model before are draining
    _just_rolled_back,  # the canary is removed in this pass
    _passed_over,  # the newest run should not serve
    _idle,  # no rollout is under way
)

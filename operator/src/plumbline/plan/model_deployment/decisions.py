"""What is decided about a ModelDeployment: whether it serves, and how far a rollout has come."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from plumbline.api import decision
from plumbline.api.decision import Decision, first
from plumbline.api.reasons import ModelDeploymentReason as Reason
from plumbline.api.v1alpha1.model_deployment import Canary, ModelDeploymentStatus
from plumbline.plan.common import conditions
from plumbline.plan.common.pod_failures import PodFailure
from plumbline.plan.model_deployment import workload
from plumbline.plan.model_deployment.snapshot import ModelDeploymentSnapshot
from plumbline.plan.model_deployment.target import Target, how_to_retry
from plumbline.plan.specs import service as services

PROGRESSING = "Progressing"


@dataclass(frozen=True, kw_only=True)
class After:
    """A ModelDeployment after this pass: its roles, its pods, and what should serve."""

    snapshot: ModelDeploymentSnapshot
    target: Target
    status: ModelDeploymentStatus

    @property
    def is_held(self) -> bool:
        """Whether spec.suspend holds rollouts where they are."""
        return self.snapshot.deployment.spec.suspend

    @cached_property
    def canary_trouble(self) -> PodFailure | None:
        """What keeps the canary's pods from getting ready."""
        return workload.canary_trouble(self.snapshot)

    @property
    def is_overdue(self) -> bool:
        """Whether the canary's pods have had their time, and none that they only wait for."""
        trouble = self.canary_trouble
        return workload.is_overdue(self.snapshot) and not (trouble and trouble.passes)

    @cached_property
    def stable_pods(self) -> workload.Pods:
        """The pods of what serves."""
        stable = self.status.stable
        return workload.pods_of(self.snapshot, stable.identity if stable else "")

    @property
    def serves(self) -> str:
        """What serves, by its names."""
        stable = self.status.stable
        if stable is None:
            return ""
        return f"run {stable.run} (data revision {stable.revision}, model {stable.model[:19]})"


def state(after: After) -> Decision:
    """Return whether the deployment serves."""
    if after.status.stable is None:
        return first(NEVER_SERVED, after) or _starts(after)
    return first(SERVING, after) or _serves(after)


def progress(after: After) -> Decision:
    """Return how far a rollout has come: Working while one is under way and may go on."""
    return replace(first(PROGRESS, after) or _idle(after), about=PROGRESSING)


def _held(after: After) -> Decision | None:
    if not after.is_held:
        return None
    text = "suspend is set: nothing is started"
    return decision.held("model_deployment.suspended", Reason.SUSPENDED, text)


def _nothing_to_serve(after: After) -> Decision | None:
    """Say why the newest run does not serve."""
    is_empty = after.status.canary is None and after.target.served is None
    return after.target.refusal if is_empty else None


def _not_begun(after: After) -> Decision | None:
    if after.status.canary or after.target.served is None:
        return None
    text = f"run {after.target.served.run} starts"
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
    text = f"{_canary(after)} cannot start: {trouble.message}"
    return decision.stalled("model_deployment.cannot_start", trouble.reason, text)


def _does_not_start_yet(after: After) -> Decision | None:
    trouble = after.canary_trouble
    if trouble is None:
        return None
    text = f"{_canary(after)} does not start yet: {trouble.message}"
    return decision.working("model_deployment.does_not_start_yet", trouble.reason, text)


def _overdue(after: After) -> Decision | None:
    if not after.is_overdue:
        return None
    seconds = after.snapshot.deployment.spec.rollout.progress_deadline_seconds
    text = f"the pods of {_canary(after)} were not ready within {seconds} s: kubectl describe them"
    reason = Reason.PROGRESS_DEADLINE_EXCEEDED
    return decision.stalled("model_deployment.overdue", reason, text, seconds=seconds)


def _starts(after: After) -> Decision:
    text = f"the pods of {_canary(after)} start"
    return decision.working("model_deployment.starts", Reason.STARTING, text)


def _scaled_to_zero(after: After) -> Decision | None:
    if after.stable_pods.wanted != 0:
        return None
    text = f"{after.serves} is scaled to zero: spec.replicas is 0"
    return decision.ready("model_deployment.scaled_to_zero", Reason.SCALED_TO_ZERO, text)


def _unavailable(after: After) -> Decision | None:
    pods, stable = after.stable_pods, after.status.stable
    if pods.ready != 0 or stable is None:
        return None
    trouble = workload.trouble(after.snapshot, stable.identity)
    said = trouble.message if trouble else "they start"
    text = f"none of {pods.wanted} pods of {after.serves} is ready: {said}"
    reason = trouble.reason if trouble else Reason.UNAVAILABLE
    return decision.working("model_deployment.unavailable", reason, text, wanted=pods.wanted)


def _serves(after: After) -> Decision:
    held_back = ". suspend is set: nothing new is rolled out" if after.is_held else ""
    url, stable = services.url(after.snapshot.deployment), after.status.stable
    text = f"{after.serves} serves at {url}{held_back}"
    evidence = {"run": stable.run, "identity": stable.identity} if stable else {}
    return decision.ready("model_deployment.serves", Reason.SERVING, text, **evidence)


def _held_under_way(after: After) -> Decision | None:
    canary = after.status.canary
    if canary is None or not after.is_held:
        return None
    text = f"suspend is set: held where it is. {_how_far(after, canary)}"
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
    text = f"the pods of run {runs} drain"
    return decision.working("model_deployment.retiring", Reason.DRAINING, text)


def _just_rolled_back(after: After) -> Decision | None:
    rejected, deployment = after.status.rejected, after.snapshot.deployment
    if not rejected or rejected == deployment.status.rejected:
        return None
    newest = rejected[0]
    said = f"run {newest.run} was rolled back: {newest.reason}: {newest.message}"
    text = f"{said}. {how_to_retry(deployment)}"
    rule = "model_deployment.just_rolled_back"
    return decision.held(rule, Reason.ROLLED_BACK, text, run=newest.run)


def _passed_over(after: After) -> Decision | None:
    """Say why the newest run is not what should serve."""
    return replace(after.target.refusal, state="Held") if after.target.refusal else None


def _idle(after: After) -> Decision:
    return decision.held("model_deployment.idle", Reason.IDLE, "no rollout is under way")


def _canary(after: After) -> str:
    canary = after.status.canary
    return f"run {canary.run} (data revision {canary.revision})" if canary else "no run"


def _how_far(after: After, canary: Canary) -> str:
    """Return how far the canary has come, in numbers that rarely change."""
    if not canary.weight:
        trouble = after.canary_trouble
        return f"the pods of {_canary(after)} start" + (f": {trouble.message}" if trouble else "")
    rollout = after.snapshot.deployment.spec.rollout
    where = f"step {canary.step + 1} of {len(rollout.steps)}"
    needed = rollout.analysis.min_requests
    said = canary.message or f"no request counted yet, {needed} are needed"
    share = f"{_canary(after)} answers {canary.weight} % of the requests"
    return f"{where}: {share}. {canary.verdict}: {said}{_missing(after, canary)}"


def _missing(after: After, canary: Canary) -> str:
    """Return what a canary that answers still waits for: it moves only with all its pods."""
    pods = workload.pods_of(after.snapshot, canary.identity)
    if pods.available:
        return _unasked(after) or _uncounted(after)
    trouble = workload.trouble(after.snapshot, canary.identity)
    why = f": {trouble.message}" if trouble else ""
    return f". It goes on when all its pods are ready ({pods.ready} of {pods.wanted} are{why})"


def _unasked(after: After) -> str:
    """Return why no request can come: those that serve send them, and none of them is there."""
    stable = after.snapshot.deployment.status.stable
    if stable is None or workload.pods_of(after.snapshot, stable.identity).ready:
        return ""
    lost = f". No pod of run {stable.run} is ready to send it requests"
    return f"{lost}: mend them, or set rollout.steps to [] and it takes over unmeasured"


def _uncounted(after: After) -> str:
    """Return whose counts cannot be read: no step ends before all pods that serve have told."""
    stable = after.snapshot.deployment.status.stable
    serving = stable.identity if stable else ""
    blind = [each for each in after.snapshot.traffic.unreadable if each.identity == serving]
    if not blind:
        return ""
    each = blind[0]
    more = f" and {len(blind) - 1} more" if len(blind) > 1 else ""
    said = f"counts of pod {each.pod} (image {each.image}){more} cannot be read: {each.message}"
    return f". It waits: {said}. Run an operator of that release, or name a newer run"


Rule = Callable[[After], Decision | None]
NEVER_SERVED: tuple[Rule, ...] = (
    _held,  # spec.suspend is set before anything serves
    _nothing_to_serve,  # no run is there that may serve
    _not_begun,  # a run is there, its rollout begins next
    _without_store,  # its namespace cannot reach the store
    _cannot_start,  # its pods have trouble, and waiting does not help or took too long
    _does_not_start_yet,  # its pods have trouble that may pass
    _overdue,  # its pods are not ready in time, and nothing says why
    _starts,  # its pods start
)
SERVING: tuple[Rule, ...] = (
    _scaled_to_zero,  # no pod is wanted
    _unavailable,  # no pod answers
    _serves,  # it answers
)
PROGRESS: tuple[Rule, ...] = (
    _held_under_way,  # spec.suspend holds a canary where it is
    _under_way,  # a canary starts or is measured
    _retiring,  # what served before drains
    _just_rolled_back,  # the canary goes in this pass
    _passed_over,  # the newest run does not serve, and why
    _idle,  # nothing is under way
)

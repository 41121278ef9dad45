"""The decisions about a DriftMonitor: whether it watches, and whether live data drifted or broke.

Without a new assessment the stored conditions stay as they are.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from plumbline.api import decision
from plumbline.api.decision import Decision, decide
from plumbline.api.sentences import clause
from plumbline.api.v1alpha1.drift_monitor import DriftMonitorReason as Reason
from plumbline.api.v1alpha1.drift_monitor import DriftMonitorStatus
from plumbline.live.observations import Assessment
from plumbline.plan.common import conditions
from plumbline.plan.drift_monitor import episode
from plumbline.plan.drift_monitor.episode import EpisodeState
from plumbline.plan.drift_monitor.snapshot import DriftMonitorSnapshot
from plumbline.plan.drift_monitor.verdict import (
    DATA_BROKEN,
    DRIFTED,
    LISTED,
    describe_broken,
    describe_drift,
    was_true,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """A DriftMonitor after this pass.

    Attributes:
        now: the state of its episode.
        status: its status, without conditions.
        assessment: the newest assessment of the model that serves, if there is one.
    """

    snapshot: DriftMonitorSnapshot
    now: EpisodeState
    status: DriftMonitorStatus
    assessment: Assessment | None

    @property
    def deployment(self) -> str:
        """Name of the watched deployment."""
        return self.snapshot.monitor.spec.deployment_ref.name

    @property
    def stored_reason(self) -> str:
        """The reason of the stored condition Ready, or an empty string."""
        stored = conditions.condition_of(self.snapshot.monitor.status, conditions.READY)
        return stored.reason if stored else ""


def watching(after: After) -> Decision:
    """Return whether the monitor watches what it should."""
    return decide(WATCHING, after)


def drifted(after: After) -> Decision:
    """Return whether live data has drifted."""
    return replace(decide(DRIFT, after), condition_type=DRIFTED)


def broken(after: After) -> Decision:
    """Return whether live data breaks the declared schema."""
    return replace(decide(BROKEN, after), condition_type=DATA_BROKEN)


def _suspended(after: After) -> Decision | None:
    if not after.snapshot.monitor.spec.suspend:
        return None
    text = "Paused because spec.suspend is true: no rows are watched and no run is created."
    return decision.held("drift_monitor.suspended", Reason.SUSPENDED, text)


def _deployment_missing(after: After) -> Decision | None:
    if after.snapshot.deployment is not None:
        return None
    text = (
        f"ModelDeployment {after.deployment} does not exist. Create it or fix spec.deploymentRef."
    )
    return decision.working("drift_monitor.no_deployment", Reason.WAITING_FOR_DEPLOYMENT, text)


def _nothing_serves(after: After) -> Decision | None:
    deployment = after.snapshot.deployment
    if deployment is not None and deployment.status.stable is not None:
        return None
    text = f"ModelDeployment {after.deployment} does not serve a model yet."
    return decision.working("drift_monitor.nothing_serves", Reason.WAITING_FOR_DEPLOYMENT, text)


def _template_missing(after: After) -> Decision | None:
    response = after.snapshot.monitor.spec.response
    if response.mode != "Retrain" or after.snapshot.template is not None:
        return None
    name = response.template_ref.name if response.template_ref else ""
    text = (
        f"TrainingTemplate {name} does not exist, so drift cannot start a retraining. Create it or "
        f"fix spec.response.templateRef."
    )
    return decision.working("drift_monitor.no_template", Reason.WAITING_FOR_TEMPLATE, text)


def _column_unknown(after: After) -> Decision | None:
    unknown = after.assessment.unknown if after.assessment else ()
    if not unknown:
        return None
    text = (
        f"spec.columns names {', '.join(unknown)}, but the model of ModelDeployment "
        f"{after.deployment} has no such column. Fix spec.columns, or remove it to watch all "
        f"columns."
    )
    return decision.stalled("drift_monitor.column_unknown", Reason.COLUMN_UNKNOWN, text)


def _counts_unreadable(after: After) -> Decision | None:
    """Name the serving pods whose rows are not watched."""
    serving = episode.serving_identity(after.snapshot)
    blind = [each for each in after.snapshot.unreadable if each.identity == serving]
    if not blind:
        return None
    said = [
        f"pod {each.pod} (image {each.image}): {clause(each.message)}" for each in blind[:LISTED]
    ]
    more = f"; and {len(blind) - LISTED} more" if len(blind) > LISTED else ""
    text = (
        f"The operator cannot read the counts of {len(blind)} serving "
        f"pod{'s' * (len(blind) != 1)}, so their rows are not watched: {'; '.join(said)}{more}. "
        "Use the same version for the operator and the model server; a new rollout replaces the "
        "image of the server."
    )
    rule = "drift_monitor.counts_unreadable"
    return decision.stalled(rule, Reason.COUNTS_UNREADABLE, text, pods=len(blind))


def _not_evaluated(after: After) -> Decision | None:
    """Report rows that cannot be evaluated, such as when the reference cannot be read."""
    if not (why := after.snapshot.unwatched):
        return None
    text = f"Live rows of ModelDeployment {after.deployment} are not watched: {clause(why)}."
    return decision.stalled("drift_monitor.not_evaluated", Reason.EVALUATION_FAILED, text)


def _watches(after: After) -> Decision | None:
    if after.assessment is None:
        return None
    number = len(after.assessment.findings)
    text = f"Watching {number} column{'s' * (number != 1)} of ModelDeployment {after.deployment}."
    return decision.ready("drift_monitor.watches", Reason.WATCHING, text, columns=number)


def _watched_before(after: After) -> Decision | None:
    return _said_before(after) if after.stored_reason == Reason.WATCHING else None


def _column_unknown_before(after: After) -> Decision | None:
    """Keep it only while the spec is the same: a changed spec may name other columns."""
    monitor = after.snapshot.monitor
    is_old = monitor.status.observed_generation == monitor.metadata.generation
    return _said_before(after) if is_old and after.stored_reason == Reason.COLUMN_UNKNOWN else None


def _without_traffic(after: After) -> Decision:
    text = f"Waiting for the first rows of ModelDeployment {after.deployment}."
    return decision.ready("drift_monitor.without_traffic", Reason.WAITING_FOR_TRAFFIC, text)


def _said_before(after: After) -> Decision | None:
    status, rule = after.snapshot.monitor.status, "drift_monitor.said_before"
    stored = conditions.condition_of(status, conditions.READY)
    if stored is None:
        return None
    make = decision.ready if stored.reason == Reason.WATCHING else decision.stalled
    return make(rule, stored.reason, stored.message)


def _not_drifted_before(after: After) -> Decision | None:
    if after.assessment is not None or was_true(after.snapshot.monitor.status, DRIFTED):
        return None
    return _judged_before(after, DRIFTED)


def _no_drift(after: After) -> Decision | None:
    if after.assessment is None or after.assessment.drifted:
        return None
    # Without the number of rows: a new one would be a write for every row.
    text, rows = "No drift: live rows are like the training data.", after.assessment.window_rows
    return decision.ready("drift_monitor.no_drift", Reason.NO_DRIFT, text, rows=rows)


def _drifts(after: After) -> Decision:
    """Name the columns with their numbers, and the response to the episode."""
    text, stands = describe_drift(after.status.columns), after.status.episode
    if stands and after.now.response:
        response = after.now.response
        text += f" Episode {stands.id} ({response.outcome}): {response.message}"
    moved = {each.name: each.score for each in after.status.columns if each.alarm}
    return decision.stalled("drift_monitor.drifts", Reason.DRIFT_DETECTED, text, scores=moved)


def _broken_before(after: After) -> Decision | None:
    return _judged_before(after, DATA_BROKEN) if after.assessment is None else None


def _sound(after: After) -> Decision | None:
    if after.assessment is None or after.assessment.broken:
        return None
    text = "Live rows match the schema."
    return decision.ready("drift_monitor.sound", Reason.DATA_OK, text)


def _breaks(after: After) -> Decision:
    text = (
        f"{describe_broken(after.status.broken)} Fix the system that sends the rows; no retraining "
        f"starts before that."
    )
    rows = {f"{each.column}.{each.rule}": each.rows for each in after.status.broken}
    return decision.stalled("drift_monitor.breaks", Reason.DATA_BROKEN, text, rows=rows)


def _judged_before(after: After, type_: str) -> Decision:
    status, rule = after.snapshot.monitor.status, "drift_monitor.judged_before"
    found = conditions.stored_decision(status, type_, rule=rule)
    return found or decision.working(
        "drift_monitor.not_judged", Reason.NOT_EVALUATED, "No rows have been counted yet."
    )


Rule = Callable[[After], Decision | None]
WATCHING: tuple[Rule, ...] = (
    _suspended,  # spec.suspend is set
    _deployment_missing,  # there is nothing to watch
    _nothing_serves,  # there is nothing to watch yet
    _template_missing,  # drift could not start a retraining
    _column_unknown,  # the spec names a column that is not counted
    _counts_unreadable,  # rows of some pods are not watched
    _not_evaluated,  # rows are counted but cannot be evaluated
    _watches,  # all rows are watched
    _watched_before,  # they were when the last rows came
    _column_unknown_before,  # the spec still names such a column
    _without_traffic,  # no rows have come yet
)
DRIFT: tuple[Rule, ...] = (
    _not_drifted_before,  # no new assessment, and there was no drift
    _no_drift,  # no column has drifted
    _drifts,  # columns have drifted, or had when the last rows came
)
BROKEN: tuple[Rule, ...] = (
    _broken_before,  # no new assessment
    _sound,  # no rule is broken
    _breaks,  # live rows break rules
)

"""The decisions about a DriftMonitor: whether it watches, and whether live data drifted or broke.

Without a new assessment the stored conditions stay as they are.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from plumbline.api import decision
from plumbline.api.decision import Decision, decide
from plumbline.api.sentences import clause
from plumbline.api.v1alpha1.drift_monitor import Broken, DriftMonitorStatus, Suspected
from plumbline.api.v1alpha1.drift_monitor import DriftMonitorReason as Reason
from plumbline.live.observations import Assessment
from plumbline.plan.common import conditions
from plumbline.plan.drift_monitor import episode as episodes
from plumbline.plan.drift_monitor.episode import EpisodeState
from plumbline.plan.drift_monitor.findings import (
    DATA_BROKEN,
    DRIFTED,
    LISTED,
    SUSPECT,
    describe_broken,
    describe_drift,
    describe_suspects,
    was_true,
)
from plumbline.plan.drift_monitor.snapshot import DriftMonitorSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorState:
    """A DriftMonitor after this pass.

    Attributes:
        episode: the state of its episode.
        status: its status, without conditions.
        assessment: the newest assessment of the model that serves, if there is one.
    """

    snapshot: DriftMonitorSnapshot
    episode: EpisodeState
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


def watching(state: MonitorState) -> Decision:
    """Return the decision of condition Ready: whether the monitor watches what it should."""
    return decide(WATCHING, state)


def drifted(state: MonitorState) -> Decision:
    """Return the decision of condition Drifted."""
    return replace(decide(DRIFT, state), condition_type=DRIFTED)


def broken(state: MonitorState) -> Decision:
    """Return the decision of condition DataBroken: whether live data breaks the schema."""
    return replace(decide(BROKEN, state), condition_type=DATA_BROKEN)


def suspect(state: MonitorState) -> Decision:
    """Return the decision of condition Suspect: whether a change of live data is a likely fault."""
    return replace(decide(SUSPICION, state), condition_type=SUSPECT)


def _suspended(state: MonitorState) -> Decision | None:
    if not state.snapshot.monitor.spec.suspend:
        return None
    text = "Paused because spec.suspend is true: no rows are watched and no run is created."
    return decision.held("drift_monitor.suspended", Reason.SUSPENDED, text)


def _deployment_missing(state: MonitorState) -> Decision | None:
    if state.snapshot.deployment is not None:
        return None
    text = (
        f"ModelDeployment {state.deployment} does not exist. Create it or fix spec.deploymentRef."
    )
    return decision.working("drift_monitor.no_deployment", Reason.WAITING_FOR_DEPLOYMENT, text)


def _nothing_serves(state: MonitorState) -> Decision | None:
    deployment = state.snapshot.deployment
    if deployment is not None and deployment.status.stable is not None:
        return None
    text = f"ModelDeployment {state.deployment} does not serve a model yet."
    return decision.working("drift_monitor.nothing_serves", Reason.WAITING_FOR_DEPLOYMENT, text)


def _template_missing(state: MonitorState) -> Decision | None:
    response = state.snapshot.monitor.spec.response
    if response.mode != "Retrain" or state.snapshot.template is not None:
        return None
    name = response.template_ref.name if response.template_ref else ""
    text = (
        f"TrainingTemplate {name} does not exist, so drift cannot start a retraining. Create it or "
        f"fix spec.response.templateRef."
    )
    return decision.working("drift_monitor.no_template", Reason.WAITING_FOR_TEMPLATE, text)


def _column_unknown(state: MonitorState) -> Decision | None:
    unknown = state.assessment.unknown if state.assessment else ()
    if not unknown:
        return None
    text = (
        f"spec.columns names {', '.join(unknown)}, but the model of ModelDeployment "
        f"{state.deployment} has no such column. Fix spec.columns, or remove it to watch all "
        f"columns."
    )
    return decision.stalled("drift_monitor.column_unknown", Reason.COLUMN_UNKNOWN, text)


def _counts_unreadable(state: MonitorState) -> Decision | None:
    """Return the decision that names the serving pods whose rows are not watched."""
    serving = episodes.served_identity(state.snapshot)
    unreadable = [each for each in state.snapshot.unreadable if each.identity == serving]
    if not unreadable:
        return None
    said = [
        f"pod {each.pod} (image {each.image}): {clause(each.message)}"
        for each in unreadable[:LISTED]
    ]
    more = f"; and {len(unreadable) - LISTED} more" if len(unreadable) > LISTED else ""
    text = (
        f"The operator cannot read the counts of {len(unreadable)} serving "
        f"pod{'s' * (len(unreadable) != 1)}, so their rows are not watched: "
        f"{'; '.join(said)}{more}. "
        "Use the same version for the operator and the model server; a new rollout replaces the "
        "image of the server."
    )
    rule = "drift_monitor.counts_unreadable"
    return decision.stalled(rule, Reason.COUNTS_UNREADABLE, text, pods=len(unreadable))


def _evaluation_failed(state: MonitorState) -> Decision | None:
    """Return why rows cannot be evaluated, such as a reference that cannot be read."""
    if not (why := state.snapshot.why_unwatched):
        return None
    text = f"Live rows of ModelDeployment {state.deployment} are not watched: {clause(why)}."
    return decision.stalled("drift_monitor.not_evaluated", Reason.EVALUATION_FAILED, text)


def _watches(state: MonitorState) -> Decision | None:
    if state.assessment is None:
        return None
    number = len(state.assessment.findings)
    text = f"Watching {number} column{'s' * (number != 1)} of ModelDeployment {state.deployment}."
    return decision.ready("drift_monitor.watches", Reason.WATCHING, text, columns=number)


def _watched_before(state: MonitorState) -> Decision | None:
    return _stored_ready(state) if state.stored_reason == Reason.WATCHING else None


def _column_unknown_before(state: MonitorState) -> Decision | None:
    """Return the stored decision while the spec is unchanged; a new spec may name other columns."""
    monitor = state.snapshot.monitor
    is_same_spec = monitor.status.observed_generation == monitor.metadata.generation
    if not is_same_spec or state.stored_reason != Reason.COLUMN_UNKNOWN:
        return None
    return _stored_ready(state)


def _without_traffic(state: MonitorState) -> Decision:
    # Ready, since nothing is wrong: a model may have no clients yet.
    text = f"Waiting for the first rows of ModelDeployment {state.deployment}."
    return decision.ready("drift_monitor.without_traffic", Reason.WAITING_FOR_TRAFFIC, text)


def _stored_ready(state: MonitorState) -> Decision | None:
    status, rule = state.snapshot.monitor.status, "drift_monitor.said_before"
    stored = conditions.condition_of(status, conditions.READY)
    if stored is None:
        return None
    make = decision.ready if stored.reason == Reason.WATCHING else decision.stalled
    return make(rule, stored.reason, stored.message)


def _not_drifted_before(state: MonitorState) -> Decision | None:
    if state.assessment is not None or was_true(state.snapshot.monitor.status, DRIFTED):
        return None
    return _stored_decision(state, DRIFTED)


def _learns(state: MonitorState) -> Decision | None:
    found = state.assessment
    if found is None or found.drifted or not found.is_learning:
        return None
    text = "Learning how much live rows vary: too few have come to find drift."
    return decision.working("drift_monitor.learns", Reason.LEARNING, text, rows=found.window_rows)


def _no_drift(state: MonitorState) -> Decision | None:
    if state.assessment is None or state.assessment.drifted:
        return None
    # The message has no number of rows: it would change with every row, and each change is a write.
    text, rows = "No drift: live rows are like the training data.", state.assessment.window_rows
    return decision.ready("drift_monitor.no_drift", Reason.NO_DRIFT, text, rows=rows)


def _drifts(state: MonitorState) -> Decision:
    """Return the decision with the columns, their numbers, and the response to the episode."""
    text, episode = describe_drift(state.status.columns), state.status.episode
    if episode and state.episode.response:
        response = state.episode.response
        text += f" Episode {episode.id} ({response.outcome}): {response.message}"
    moved = {each.name: each.score for each in state.status.columns if each.alarm}
    return decision.stalled("drift_monitor.drifts", Reason.DRIFT_DETECTED, text, scores=moved)


def _broken_before(state: MonitorState) -> Decision | None:
    return _stored_decision(state, DATA_BROKEN) if state.assessment is None else None


def _data_ok(state: MonitorState) -> Decision | None:
    if state.assessment is None or state.assessment.broken:
        return None
    text = "Live rows match the schema."
    return decision.ready("drift_monitor.sound", Reason.DATA_OK, text)


def _data_broken(state: MonitorState) -> Decision:
    text = (
        f"{describe_broken(state.status.broken)} Fix the system that sends the rows; no retraining "
        f"starts before that."
    )
    rows = _rows_by_rule(state.status.broken)
    return decision.stalled("drift_monitor.breaks", Reason.DATA_BROKEN, text, rows=rows)


def _suspect_before(state: MonitorState) -> Decision | None:
    return _stored_decision(state, SUSPECT) if state.assessment is None else None


def _nothing_suspect(state: MonitorState) -> Decision | None:
    if state.assessment is None or state.assessment.suspects:
        return None
    text = "No change of live values looks like a fault."
    return decision.ready("drift_monitor.nothing_suspect", Reason.NOTHING_SUSPECT, text)


def _suspect(state: MonitorState) -> Decision:
    text = f"{describe_suspects(state.status.suspects)} Fix the system that sends the rows."
    rows = _rows_by_rule(state.status.suspects)
    return decision.stalled("drift_monitor.suspect", Reason.SUSPECT_DATA, text, rows=rows)


def _rows_by_rule(found: Iterable[Broken | Suspected]) -> dict[str, int]:
    return {f"{each.column}.{each.rule}": each.rows for each in found}


def _stored_decision(state: MonitorState, type_: str) -> Decision:
    status, rule = state.snapshot.monitor.status, "drift_monitor.judged_before"
    found = conditions.stored_decision(status, type_, rule=rule)
    return found or decision.working(
        "drift_monitor.not_judged", Reason.NOT_EVALUATED, "No rows have been counted yet."
    )


Rule = Callable[[MonitorState], Decision | None]
WATCHING: tuple[Rule, ...] = (
    _suspended,  # spec.suspend is set
    _deployment_missing,  # there is nothing to watch
    _nothing_serves,  # there is nothing to watch yet
    _template_missing,  # drift could not start a retraining
    _column_unknown,  # the spec names a column that is not counted
    _counts_unreadable,  # rows of some pods are not watched
    _evaluation_failed,  # rows are counted but cannot be evaluated
    _watches,  # all rows are watched
    _watched_before,  # they were when the last rows came
    _column_unknown_before,  # the spec still names such a column
    _without_traffic,  # no rows have come yet
)
DRIFT: tuple[Rule, ...] = (
    _not_drifted_before,  # no new assessment, and there was no drift
    _learns,  # too few rows to find drift
    _no_drift,  # no column has drifted
    _drifts,  # columns have drifted, or had when the last rows came
)
BROKEN: tuple[Rule, ...] = (
    _broken_before,  # no new assessment
    _data_ok,  # no rule is broken
    _data_broken,  # live rows break rules
)
SUSPICION: tuple[Rule, ...] = (
    _suspect_before,  # no new assessment
    _nothing_suspect,  # no change looks like a fault
    _suspect,  # a change looks like a fault
)

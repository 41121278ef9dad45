"""The findings of the newest assessment of live traffic: which columns drifted, which rules broke.

Their numbers are stored only when drift begins or ends, an episode opens or closes, or other rules
are broken.
"""

import math
from datetime import UTC, datetime

from plumbline.api.plan import Event
from plumbline.api.v1alpha1.drift_monitor import (
    Broken,
    ColumnDrift,
    DriftMonitorStatus,
    Mended,
    Suspected,
)
from plumbline.api.v1alpha1.drift_monitor import DriftMonitorReason as Reason
from plumbline.live.observations import Assessment, BrokenFinding, ColumnFinding, SuspectFinding
from plumbline.plan.common.conditions import changed, condition_of
from plumbline.plan.drift_monitor.snapshot import DriftMonitorSnapshot
from plumbline.stats.text import number

DRIFTED, DATA_BROKEN, SUSPECT = "Drifted", "DataBroken", "Suspect"
# Limits of the CRD: STORED columns and broken rules, REMEMBERED columns that recovered.
STORED, REMEMBERED = 10, 50
SAW_LIMIT = 253
# As many as a message names.
LISTED = 4
# The largest number that the status shows: JSON has no infinity.
EDGE = 9999.0
# Explains in a message the rules that are ours and not of the schema.
MEANING = {
    "NullJump": " (many values are missing)",
    "NullRise": " (more values are missing than in the training data)",
    "ValueJump": " (one value replaces many)",
}


def with_findings(
    status: DriftMonitorStatus, snapshot: DriftMonitorSnapshot, assessment: Assessment | None
) -> DriftMonitorStatus:
    """Return the status with the numbers of this assessment, if its findings are new."""
    if assessment is None:
        return status
    # The number never falls, also when a new leader begins to count.
    lost = {"rows_lost": max(status.rows_lost, assessment.rows_lost)}
    if not _is_new(status, snapshot, assessment):
        return changed(status, **lost)
    numbers = {
        "columns": [_column(found) for found in assessment.findings[:STORED]],
        "broken": [_broken(found) for found in assessment.broken[:STORED]],
        "suspects": [_suspected(found) for found in assessment.suspects[:STORED]],
        "mended": [_mended(*found) for found in assessment.recovered[-REMEMBERED:]],
        "window_rows": assessment.window_rows,
    }
    return changed(status, **numbers, **lost)


def events(snapshot: DriftMonitorSnapshot, assessment: Assessment | None) -> tuple[Event, ...]:
    """Return the warnings of this assessment: one when an alarm begins."""
    if assessment is None:
        return ()
    warnings = []
    if assessment.drifted and not was_true(snapshot.monitor.status, DRIFTED):
        columns = [_column(each) for each in assessment.findings if each.alarm]
        warnings.append(_warning(Reason.DRIFT_DETECTED, describe_drift(columns)))
    if assessment.broken and _rules(assessment) - _known_rules(snapshot.monitor.status):
        said = describe_broken([_broken(each) for each in assessment.broken])
        warnings.append(_warning(Reason.DATA_BROKEN, said))
    if _suspicions(assessment) - _known_suspicions(snapshot.monitor.status):
        said = describe_suspects([_suspected(each) for each in assessment.suspects])
        warnings.append(_warning(Reason.SUSPECT_DATA, said))
    return tuple(warnings)


def was_true(status: DriftMonitorStatus, type_: str) -> bool:
    """Return whether a condition was true when it was stored."""
    stored = condition_of(status, type_)
    return stored is not None and stored.status == "True"


def describe_drift(columns: list[ColumnDrift]) -> str:
    """Return the drifted columns with their numbers."""
    moved = [column for column in columns if column.alarm] or columns
    said = [
        f"{each.name} PSI {number(each.score)} (limit {number(each.threshold)})"
        for each in moved[:LISTED]
    ]
    more = f" and {len(moved) - LISTED} more columns" if len(moved) > LISTED else ""
    rows = max((each.rows for each in moved), default=0)
    return f"Drift in the last {rows} rows: {', '.join(said)}{more}."


def describe_broken(broken: list[Broken]) -> str:
    """Return the broken rules with their counts."""
    said = [
        f"{each.column} fails {each.rule}{MEANING.get(each.rule, '')} in {each.rows} of {each.of} "
        f"rows"
        for each in broken
    ]
    more = f" and {len(said) - LISTED} more" if len(said) > LISTED else ""
    return f"Live rows do not match the schema: {', '.join(said[:LISTED])}{more}."


def describe_suspects(suspects: list[Suspected]) -> str:
    """Return what was seen in each suspect column."""
    said = [
        f"{each.column} ({each.rule}): {each.saw}, {each.rows} of {each.of} rows"
        for each in suspects[:LISTED]
    ]
    more = f"; and {len(suspects) - LISTED} more" if len(suspects) > LISTED else ""
    return f"A change of live values is probably a fault: {'; '.join(said)}{more}."


def _is_new(
    status: DriftMonitorStatus, snapshot: DriftMonitorSnapshot, assessment: Assessment
) -> bool:
    """Return whether the findings differ from the stored ones in more than numbers."""
    before = snapshot.monitor.status
    if condition_of(before, DRIFTED) is None or was_true(before, DRIFTED) != assessment.drifted:
        return True
    same_episode = (status.episode is None) == (before.episode is None)
    known = _known_rules(before), _known_suspicions(before)
    return not same_episode or (_rules(assessment), _suspicions(assessment)) != known


def _rules(assessment: Assessment) -> set[tuple[str, str]]:
    return {(each.column, each.rule) for each in assessment.broken[:STORED]}


def _known_rules(status: DriftMonitorStatus) -> set[tuple[str, str]]:
    return {(each.column, each.rule) for each in status.broken}


def _suspicions(assessment: Assessment) -> set[tuple[str, str]]:
    return {(each.column, each.rule) for each in assessment.suspects[:STORED]}


def _known_suspicions(status: DriftMonitorStatus) -> set[tuple[str, str]]:
    return {(each.column, each.rule) for each in status.suspects}


def _column(found: ColumnFinding) -> ColumnDrift:
    return ColumnDrift(
        name=found.name,
        score=_rounded(found.score),
        threshold=_rounded(found.threshold),
        log10_p=_rounded(found.log10_p),
        rows=found.rows,
        alarm=found.alarm,
    )


def _broken(found: BrokenFinding) -> Broken:
    return Broken(column=found.column, rule=found.rule, rows=found.rows, of=found.of)


def _suspected(found: SuspectFinding) -> Suspected:
    saw = found.saw[:SAW_LIMIT]
    return Suspected(column=found.column, rule=found.rule, saw=saw, rows=found.rows, of=found.of)


def _mended(column: str, until: int) -> Mended:
    return Mended(column=column, until=datetime.fromtimestamp(until, UTC))


def _rounded(value: float) -> float:
    """Return the value with four digits; infinite values become the largest that is stored."""
    if math.isnan(value):
        return 0.0  # JSON has no NaN, and what could not be computed is no sign of a change
    return float(f"{max(-EDGE, min(EDGE, value)):.4g}")


def _warning(reason: Reason, message: str) -> Event:
    return Event(type="Warning", reason=reason, message=message)

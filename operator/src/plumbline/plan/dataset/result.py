"""What a finished fetch means for a Dataset: the next status, condition Valid, and an Event."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from plumbline.api.decision import Decision, State
from plumbline.api.plan import Event
from plumbline.api.sentences import sentence
from plumbline.api.v1alpha1 import Dataset
from plumbline.api.v1alpha1.dataset import (
    DatasetReason,
    DatasetStatus,
    Fetch,
    Refresh,
    Revision,
    Violation,
)
from plumbline.contract.dataset_manifest import DatasetResult
from plumbline.contract.manifests import read_or_none
from plumbline.plan.common import jobs
from plumbline.plan.common.conditions import changed, truncated
from plumbline.plan.common.job_outcome import JobOutcome
from plumbline.plan.common.pod_failures import Prospect
from plumbline.plan.dataset import looks
from plumbline.plan.dataset.fetch_attempt import (
    REFRESHES,
    VALID,
    Attempt,
    has_quick_retry,
    revision_rules_hash,
)
from plumbline.plan.dataset.snapshot import DatasetSnapshot

# As many entries as the CRD allows.
HISTORY, VIOLATIONS = 20, 20
Ending = Literal["NewRevision", "Unchanged", "Invalid", "Failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of a fetch.

    Attributes:
        fetch: the attempt as the status stores it.
        status: the status with everything that the fetch changed, without conditions.
        valid: the decision behind the Valid condition.
        prospect: what to expect after a fetch that failed.
        event: the Event about it.
    """

    fetch: Fetch
    status: DatasetStatus
    valid: Decision
    prospect: Prospect
    event: Event


def recorded(snapshot: DatasetSnapshot, attempt: Attempt, outcome: JobOutcome) -> Result:
    """Return the result of a finished attempt."""
    dataset, now = snapshot.dataset, truncated(snapshot.now)
    record = read_or_none(DatasetResult, outcome.record)
    if outcome.state == "Failed":
        end = _failed(dataset, outcome.reason, outcome.message)
    elif record is None or outcome.manifest is None or not _is_usable(record, dataset):
        end = _failed(dataset, DatasetReason.RESULT_INVALID, _unreadable_text(attempt))
    elif record.verdict == "Invalid":
        end = _invalid(dataset, record)
    else:
        end = _valid(snapshot, record, outcome.manifest, now)
    return _result(snapshot, attempt, end, outcome.temporary)


# How the fetch ended, the status after it, and the decision behind condition Valid.
_End = tuple[Ending, DatasetStatus, Decision]


def _is_usable(record: DatasetResult, dataset: Dataset) -> bool:
    # A Dataset that was deleted and created again has another uid, and may have another schema.
    is_of_this = record.dataset.uid == dataset.metadata.uid
    return is_of_this and (record.verdict == "Invalid" or record.digest is not None)


def _unreadable_text(attempt: Attempt) -> str:
    return (
        f"Job {attempt.job} wrote a result that this operator cannot read. Use the same version "
        f"for the operator image and the trainer image."
    )


def _failed(dataset: Dataset, reason: str, message: str) -> _End:
    """Return the end of a fetch that could not read the data."""
    # Working makes condition Valid Unknown, not False: nothing is known about the data.
    return "Failed", dataset.status, _validity("fetch_failed", "Working", reason, message)


def _invalid(dataset: Dataset, record: DatasetResult) -> _End:
    """Return the end of a fetch of bad data: no new revision, the previous one stays in use."""
    broken = record.violations
    said = " ".join(f"{each.rule}: {sentence(each.message)}" for each in broken[:3])
    message = f"The rows fail {len(broken)} rule{'s' * (len(broken) != 1)}. {said}".strip()
    reason, evidence = DatasetReason.RULES_FAILED, {"rows": record.rows, "broken": len(broken)}
    valid = _validity("rules_failed", "Stalled", reason, message, **evidence)
    found = {"violations": list(broken[:VIOLATIONS]), "warnings": _warnings(record)}
    return "Invalid", changed(dataset.status, **found), valid


def _valid(snapshot: DatasetSnapshot, record: DatasetResult, manifest: str, now: datetime) -> _End:
    """Return the end of a fetch of good data: a new revision, or the same with a new manifest."""
    dataset, old = snapshot.dataset, snapshot.dataset.status
    same = old.digest == record.digest and _has_same_rules(dataset)
    number = (old.revision or snapshot.last_revision) + (0 if same else 1)
    time = old.history[0].time if same and old.history else now
    newest = _revision(dataset, record, manifest, number=number, time=time)
    earlier = [each for each in old.history if each.revision != number]
    update: dict[str, object] = {
        "revision": number,
        "digest": record.digest,
        "manifest": manifest,
        "rows": record.rows,
        "bytes": record.bytes,
        "violations": [],
        "warnings": _warnings(record),
        "history": [newest, *earlier][:HISTORY],
        "holdout": looks.of_revision(old.holdout, record.holdout),
    }
    odd = [f"Warning {each.rule}: {sentence(each.message)}" for each in record.warnings[:3]]
    message = " ".join([f"All {record.rows} rows pass all rules.", *odd])
    evidence = {"rows": record.rows, "digest": record.digest, "revision": number}
    valid = _validity("rules_passed", "Ready", DatasetReason.RULES_PASSED, message, **evidence)
    return "Unchanged" if same else "NewRevision", changed(old, **update), valid


def _warnings(record: DatasetResult) -> list[Violation]:
    return list(record.warnings[:VIOLATIONS])


def _revision(
    dataset: Dataset, record: DatasetResult, manifest: str, *, number: int, time: datetime | None
) -> Revision:
    return Revision(
        revision=number,
        digest=record.digest or "",
        manifest=manifest,
        rules=revision_rules_hash(dataset),
        rows=record.rows,
        held_out=(record.holdout.counted_from or None) if record.holdout else None,
        time=time,
    )


def _validity(rule: str, state: State, reason: str, message: str, **evidence: Any) -> Decision:
    """Return the decision of condition Valid; it becomes an Event too."""
    return Decision(
        rule=f"dataset.{rule}",
        state=state,
        reason=reason,
        message=message,
        evidence=evidence,
        condition_type=VALID,
        acts=True,
    )


def _has_same_rules(dataset: Dataset) -> bool:
    """Return whether the revision in use was checked with the current rules."""
    if dataset.status.revision is None:
        return False
    newest = dataset.status.history[:1]
    # A revision of an older release has no hash: it counts as checked with the same rules.
    return not newest or newest[0].rules in ("", revision_rules_hash(dataset))


def _result(
    snapshot: DatasetSnapshot, attempt: Attempt, end: _End, temporary: bool | None
) -> Result:
    ending, status, valid = end
    time, prospect = truncated(snapshot.now), jobs.prospect_of(valid.reason, temporary)
    fetch = Fetch(key=attempt.key, job=attempt.job, outcome=ending, time=time)
    # Requests stay open during quick retries: one of these may still find the new rows.
    is_retried_soon = ending == "Failed" and has_quick_retry(prospect, attempt.number)
    answered = () if is_retried_soon else attempt.requests
    refreshes = _answers(snapshot, answered, ending, status.revision or 0)
    new = changed(status, fetch=fetch, refreshes=refreshes)
    event = _event(ending, new, valid)
    return Result(fetch=fetch, status=new, valid=valid, prospect=prospect, event=event)


def _answers(
    snapshot: DatasetSnapshot, requests: tuple[str, ...], ending: Ending, revision: int
) -> list[Refresh]:
    """Return the answers: first those that a monitor still waits for, then the others."""
    # Both lists are newest first, and sorting keeps the order of equals.
    new = [Refresh(id=each, outcome=ending, revision=revision) for each in requests]
    old = [each for each in snapshot.dataset.status.refreshes if each.id not in requests]
    wanted = sorted([*new, *old], key=lambda each: each.id not in snapshot.requests)
    return wanted[:REFRESHES]


def _event(ending: Ending, status: DatasetStatus, valid: Decision) -> Event:
    if ending in ("Invalid", "Failed"):
        return Event(type="Warning", reason=valid.reason, message=valid.message)
    reason = DatasetReason.UNCHANGED if ending == "Unchanged" else DatasetReason.NEW_REVISION
    what = f"Revision {status.revision} with {status.rows} rows"
    same = ending == "Unchanged"
    message = f"{what} is unchanged: the source has the same rows." if same else f"{what} is new."
    return Event(type="Normal", reason=reason, message=message)

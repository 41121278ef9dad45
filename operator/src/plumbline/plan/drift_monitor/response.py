"""How an episode is answered: an ordered list of rules, each with an outcome and a sentence.

New rows first, then one run on them. An episode that has a run keeps it: the same drift never
begets a second one, however it ended.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from plumbline.api.reasons import Outcome
from plumbline.plan.drift_monitor import episode as drift_episode
from plumbline.plan.drift_monitor import retraining as drift_run
from plumbline.plan.drift_monitor.response_input import Answer, Case


def answer(case: Case) -> Answer:
    """Return how the answer stands: the first rule that applies."""
    rules: tuple[Callable[[Case], Answer | None], ...] = (
        _only_watches,
        _has_run,
        _is_broken,
        _lacks_template,
        _has_other_run,
        _cools_down,
        _asks,
        _waits_for_rows,
        _trains,
        _has_no_rows,
    )
    found = (rule(case) for rule in rules)
    return next(answer for answer in found if answer)


def _only_watches(case: Case) -> Answer | None:
    if case.snapshot.monitor.spec.response.mode != "Observe":
        return None
    return Answer(outcome=Outcome.OBSERVED, message="response.mode is Observe: nothing is done")


def _has_run(case: Case) -> Answer | None:
    run = drift_run.of_episode(case.snapshot.runs, case.episode)
    name = run.metadata.name if run else case.episode.run
    if not name:
        return None
    outcome, message = drift_run.outcome(run, name)
    return Answer(outcome=outcome, message=message, request=case.request, run=name)


def _is_broken(case: Case) -> Answer | None:
    stored = case.snapshot.monitor.status.broken
    if not (case.assessment.broken if case.assessment else stored):
        return None
    message = "live data breaks its schema: nothing is trained until it is mended"
    return Answer(outcome=Outcome.DATA_BROKEN, message=message, request=case.request)


def _lacks_template(case: Case) -> Answer | None:
    reference = case.snapshot.monitor.spec.response.template_ref
    name = reference.name if reference else ""
    if case.snapshot.template is None:
        message = f"TrainingTemplate {name} does not exist"
        return Answer(outcome=Outcome.WAITING_FOR_TEMPLATE, message=message)
    if case.snapshot.dataset is None:
        message = f"the Dataset of TrainingTemplate {name} does not exist"
        return Answer(outcome=Outcome.WAITING_FOR_DATASET, message=message)
    return None


def _has_other_run(case: Case) -> Answer | None:
    unfinished = drift_run.unfinished(case.snapshot.runs)
    if not unfinished:
        return None
    message = f"run {unfinished[0]} of this monitor has not finished yet"
    return Answer(outcome=Outcome.WAITING_FOR_RUN, message=message, request=case.request)


def _cools_down(case: Case) -> Answer | None:
    last = case.snapshot.monitor.status.last_run_time
    if last is None or case.snapshot.now >= last + case.wait:
        return None
    until = last + case.wait
    message = f"the last retraining was at {_clock(last)}, the next may be at {_clock(until)}"
    return Answer(
        outcome=Outcome.COOLING_DOWN, message=message, request=case.request, again_at=until
    )


def _asks(case: Case) -> Answer | None:
    """Ask for new rows at first, and again from time to time while there are none."""
    in_vain = case.request and case.reply and case.new_revision is None
    if case.request and not (in_vain and case.snapshot.now >= case.next_request):
        return None
    request = drift_episode.request_of(case.episode, case.snapshot.now)
    message = f"Dataset {case.data} is asked for new rows"
    return Answer(outcome=Outcome.REFRESH_REQUESTED, message=message, request=request)


def _waits_for_rows(case: Case) -> Answer | None:
    if case.reply:
        return None
    dataset = case.snapshot.dataset
    held = " It is suspended." if dataset and dataset.spec.suspend else ""
    message = f"Dataset {case.data} is asked for new rows.{held}"
    return Answer(outcome=Outcome.REFRESH_REQUESTED, message=message, request=case.request)


def _trains(case: Case) -> Answer | None:
    revision = case.new_revision
    if revision is None:
        return None
    return Answer(
        outcome=Outcome.TRAINING,
        message=f"run {case.episode.id} trains on data revision {revision}",
        request=case.request,
        run=case.episode.id,
        revision=revision,
    )


def _has_no_rows(case: Case) -> Answer | None:
    bad = case.reply is not None and case.reply.outcome in ("Invalid", "Failed")
    again = case.next_request
    said = f"see Dataset {case.data}: its newest fetch was {'invalid' if bad else 'not new'}"
    message = f"{said}; it is asked again at {_clock(again)}"
    outcome = Outcome.DATASET_INVALID if bad else Outcome.NO_NEW_DATA
    return Answer(outcome=outcome, message=message, request=case.request, again_at=again)


def _clock(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%H:%M:%S UTC")

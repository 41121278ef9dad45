"""The steps by name, and how each of them ends: a termination message and an exit code."""

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module

from plumbline.jobs import outcome
from plumbline.jobs.failures import JobFailed, of_store
from plumbline.jobs.places import Places
from plumbline.jobs.verdicts import Answer
from plumbline.store import Store, StoreError

# Each step imports only what it needs: fetching does not import scikit-learn.
_WITH_STORE = {
    "profile": "plumbline.jobs.profiling.profile",
    "fetch-training": "plumbline.jobs.training.fetch_training",
    "upload": "plumbline.jobs.training.upload",
    "fetch-judging": "plumbline.jobs.judging.fetch_judging",
    "judge": "plumbline.jobs.judging.judge",
}
_WITHOUT_STORE = {
    "train": "plumbline.jobs.training.train",
    "predict": "plumbline.jobs.judging.predict",
}
STEPS = (*_WITH_STORE, *_WITHOUT_STORE)


def main(arguments: Sequence[str]) -> int:
    """Run one step; 0 when it did its work, 64 for the user's mistake, 75 to try again."""
    if len(arguments) != 1 or arguments[0] not in STEPS:
        print(f"usage: python -m plumbline.jobs {{{'|'.join(STEPS)}}}", file=sys.stderr)
        return 2
    places = Places.of()
    try:
        answer = _run(arguments[0], places)
    except JobFailed as failure:
        return _ended(places, failure)
    except StoreError as error:
        return _ended(places, of_store(error))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of Polars is no Exception
        return _broken(places, arguments[0], error)
    if answer is not None:
        _say(places, answer)
    return 0


def _run(step: str, places: Places) -> Answer | None:
    # Threads that wait by spinning are ten times slower on a busy node; read when OpenMP is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    module = import_module(_WITH_STORE.get(step) or _WITHOUT_STORE[step])
    if step in _WITHOUT_STORE:
        run_alone: Callable[[Places], Answer | None] = module.run
        return run_alone(places)
    run: Callable[[Places, Store], Answer | None] = module.run
    answer = run(places, Store.open())
    job = os.environ.get("PLUMBLINE_JOB_UID", "")
    if answer is not None and job:
        Store.open().add_pointer(job, answer.digest)
    return answer


def _say(places: Places, answer: Answer) -> None:
    print(f"{answer.verdict}: {answer.digest} {answer.message}".rstrip())
    outcome.succeeded(
        places,
        digest=answer.digest,
        verdict=answer.verdict,
        uid=answer.uid,
        reason=answer.reason,
        message=answer.message,
    )


def _broken(places: Places, step: str, error: BaseException) -> int:
    """Return 1 for a mistake of ours: the log has all of it, the message nothing of the data."""
    traceback.print_exc()
    told = f"step {step} broke with {type(error).__name__}; its log says where."
    outcome.failed(places, JobFailed("StepBroken", told, retry=True))
    return 1


def _ended(places: Places, failure: JobFailed) -> int:
    print(f"{failure.reason}: {failure.message}", file=sys.stderr)
    outcome.failed(places, failure)
    return failure.exit_code

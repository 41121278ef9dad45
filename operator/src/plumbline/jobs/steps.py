"""The steps by name, and how each of them ends: a termination message and an exit code."""

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module

from plumbline.contract import last_words, layout
from plumbline.contract.last_words import LastWord, Success
from plumbline.jobs.failures import JobFailed, of_store
from plumbline.jobs.places import Places
from plumbline.store import Store, StoreError

# Each step imports only what it needs: fetching does not import scikit-learn.
_WITH_STORE = {
    layout.PROFILE: "plumbline.jobs.profiling.profile",
    layout.FETCH_TRAINING: "plumbline.jobs.training.fetch_training",
    layout.UPLOAD: "plumbline.jobs.training.upload",
    layout.FETCH_JUDGING: "plumbline.jobs.judging.fetch_judging",
    layout.JUDGE: "plumbline.jobs.judging.judge",
}
_WITHOUT_STORE = {
    layout.TRAIN: "plumbline.jobs.training.train",
    layout.PREDICT: "plumbline.jobs.judging.predict",
}
STEPS = (*_WITH_STORE, *_WITHOUT_STORE)


def main(arguments: Sequence[str]) -> int:
    """Run one step; 0 when it did its work, 64 for the user's mistake, 75 to try again."""
    if len(arguments) != 1 or arguments[0] not in STEPS:
        print(f"usage: python -m plumbline.jobs {{{'|'.join(STEPS)}}}", file=sys.stderr)
        return 2
    places = Places.of()
    try:
        done = _run(arguments[0], places)
    except JobFailed as failure:
        return _ended(places, failure)
    except StoreError as error:
        return _ended(places, of_store(error))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of Polars is no Exception
        return _broken(places, arguments[0], error)
    if done is not None:
        print(f"{done.verdict}: {done.digest} {done.message}".rstrip())
        _leave(places, done)
    return 0


def _run(step: str, places: Places) -> Success | None:
    # Threads that wait by spinning are ten times slower on a busy node; read when OpenMP is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    module = import_module(_WITH_STORE.get(step) or _WITHOUT_STORE[step])
    if step in _WITHOUT_STORE:
        run_alone: Callable[[Places], Success | None] = module.run
        return run_alone(places)
    run: Callable[[Places, Store], Success | None] = module.run
    done = run(places, Store.open())
    job = os.environ.get(layout.JOB_UID_VARIABLE, "")
    if done is not None and job:
        Store.open().add_pointer(job, done.digest)
    return done


def _broken(places: Places, step: str, error: BaseException) -> int:
    """Leave a mistake of ours: the log has all of it, the message nothing of the data."""
    traceback.print_exc()
    told = f"step {step} broke with {type(error).__name__}; its log says where."
    _leave(places, JobFailed("StepBroken", told, retry=True).last_word)
    return last_words.BROKEN


def _ended(places: Places, failure: JobFailed) -> int:
    print(f"{failure.reason}: {failure.message}", file=sys.stderr)
    word = failure.last_word
    _leave(places, word)
    return word.exit_code


def _leave(places: Places, word: LastWord) -> None:
    places.termination_log.parent.mkdir(parents=True, exist_ok=True)
    places.termination_log.write_bytes(last_words.written(word))

"""The steps by name, and how each of them ends: a termination message and an exit code."""

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from socket import gethostname

from plumbline.contract import last_words, layout
from plumbline.contract.last_words import LastWord, Success
from plumbline.jobs.failures import JobFailed, of_store
from plumbline.jobs.paths import Paths
from plumbline.log import bound, frames, get_logger
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

log = get_logger(__name__)


def main(arguments: Sequence[str]) -> int:
    """Run one step; return 0, 64 for a mistake of the user, 75 to try again, 1 for our mistake."""
    if len(arguments) != 1 or arguments[0] not in STEPS:
        print(f"usage: python -m plumbline.jobs {{{'|'.join(STEPS)}}}", file=sys.stderr)
        return 2
    with bound(step=arguments[0]):
        return _ended_as(arguments[0], Paths.of())


def _ended_as(step: str, paths: Paths) -> int:
    """Run a step and leave its last words; return its exit code."""
    try:
        done = _run(step, paths)
    except JobFailed as failure:
        return _ended(paths, failure)
    except StoreError as error:
        return _ended(paths, of_store(error))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of Polars is not an Exception
        return _end_unexpectedly(paths, step, error)
    if done is not None:
        detail = done.message or None
        log.info("step succeeded", verdict=done.verdict, digest=done.digest, detail=detail)
        _leave(paths, done)
    return 0


def _run(step: str, paths: Paths) -> Success | None:
    # Threads that wait by spinning are ten times slower on a busy node; read when OpenMP is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    module = import_module(_WITH_STORE.get(step) or _WITHOUT_STORE[step])
    if step in _WITHOUT_STORE:
        run_alone: Callable[[Paths], Success | None] = module.run
        return run_alone(paths)
    run: Callable[[Paths, Store], Success | None] = module.run
    done = run(paths, Store.open())
    job = os.environ.get(layout.JOB_UID_VARIABLE, "")
    if done is not None and job:
        Store.open().add_pointer(job, done.digest)
    return done


def _end_unexpectedly(paths: Paths, step: str, error: BaseException) -> int:
    """Report a mistake of ours: the log shows where it happened.

    Neither the message nor the log at its usual level quotes the error, whose text may have data.
    """
    log.error("step failed unexpectedly", error=type(error).__name__, trace=frames(error))
    log.debug("text of the error", error=error)
    problem = f"Step {step} failed with an unexpected error, and its Job tries again."
    message = f"{problem} Run kubectl logs {gethostname()} --all-containers for details."
    _leave(paths, JobFailed("StepBroken", message, retry=True).last_word)
    return last_words.INTERNAL_ERROR


def _ended(paths: Paths, failure: JobFailed) -> int:
    log.error("step failed", reason=failure.reason, detail=failure.message)
    _leave(paths, failure.last_word)
    return failure.last_word.exit_code


def _leave(paths: Paths, word: LastWord) -> None:
    paths.termination_log.parent.mkdir(parents=True, exist_ok=True)
    paths.termination_log.write_bytes(last_words.encode(word))

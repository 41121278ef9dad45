"""`python -m plumbline.serving fetch` and `python -m plumbline.serving serve`."""

import argparse
import os
import sys
from pathlib import Path
from socket import gethostname

from plumbline.contract import last_words, layout
from plumbline.contract.last_words import Failure
from plumbline.log import get_logger
from plumbline.log_lines import configure

TERMINATION_LOG = Path(os.environ.get(layout.TERMINATION_LOG_VARIABLE, layout.TERMINATION_LOG))
REASONS = {
    "Damaged": "ModelDamaged",
    "FetchError": "ModelInvalid",
    "ModelError": "ModelUnusable",
}

log = get_logger("plumbline.serving")


def main() -> int:
    """Run one of the two steps; return 0, 75 if trying again may help, 1 for a bug, else 64."""
    options = _parser().parse_args()
    configure(os.environ)
    try:
        options.step(options)
    except Exception as error:
        return _failed(error, layout.FETCH if options.step is _fetch else layout.SERVER)
    return 0


def _failed(error: Exception, container: str) -> int:
    """Report a failure and return the exit code; only errors of the store can be temporary."""
    kind = type(error).__name__
    reason = REASONS.get(kind) or getattr(error, "reason", None)
    if reason is None:
        # An unknown error, such as a full disk, says nothing about the model: do not reject it.
        log.exception("step failed unexpectedly", error)
        _report(Failure(reason="StepBroken", message=_unexpected(error, container)))
        return last_words.INTERNAL_ERROR
    temporary = bool(getattr(error, "retry", False))
    failure = Failure(reason=str(reason), message=str(error), temporary=temporary)
    _report(failure)
    return failure.exit_code


def _unexpected(error: Exception, container: str) -> str:
    """Return what failed, without the names of Python's exceptions."""
    what = "Downloading the model" if container == layout.FETCH else "Starting the model server"
    why = str(error)
    if isinstance(error, OSError) and error.strerror:
        why = ": ".join(str(each) for each in (error.filename, error.strerror.lower()) if each)
    command = f"kubectl logs {gethostname()} -c {container}"
    return f"{what} failed: {why.rstrip('. ') or 'no details'}. Run {command} for details."


def _fetch(options: argparse.Namespace) -> None:
    from plumbline.serving.fetch import fetch

    fetch(os.environ[layout.MANIFEST_VARIABLE], options.model)


def _serve(options: argparse.Namespace) -> None:
    from plumbline.serving.server import Options, run

    run(
        Options(
            model=options.model,
            name=options.name,
            identity=os.environ.get(layout.IDENTITY_VARIABLE, "local"),
            port=options.port,
            admin_port=options.admin_port,
            host=options.host,
            drain_seconds=float(os.environ.get(layout.DRAIN_VARIABLE, layout.DRAIN_SECONDS)),
        )
    )


def _report(failure: Failure) -> None:
    """Write the failure to the termination message, which the operator reads, and to the log."""
    log.error("step failed", reason=failure.reason, detail=failure.message)
    if TERMINATION_LOG.exists() or layout.TERMINATION_LOG_VARIABLE in os.environ:
        TERMINATION_LOG.write_bytes(last_words.encode(failure))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="plumbline.serving")
    steps = parser.add_subparsers(required=True)
    for name, step in ((layout.FETCH, _fetch), (layout.SERVE, _serve)):
        sub = steps.add_parser(name)
        sub.set_defaults(step=step)
        sub.add_argument("--model", type=Path, default=Path(layout.MODEL))
        sub.add_argument("--name", default="model")
        sub.add_argument("--host", default="0.0.0.0")  # noqa: S104 - a pod's own address
        sub.add_argument("--port", type=int, default=layout.DATA_PORT)
        sub.add_argument("--admin-port", type=int, default=layout.ADMIN_PORT)
    return parser


if __name__ == "__main__":
    sys.exit(main())

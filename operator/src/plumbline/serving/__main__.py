"""`python -m plumbline.serving fetch` and `python -m plumbline.serving serve`."""

import argparse
import json
import os
import sys
from pathlib import Path

TERMINATION_LOG = Path(os.environ.get("PLUMBLINE_TERMINATION_LOG", "/dev/termination-log"))
WRONG, LATER = 64, 75


def main() -> int:
    """Run one of the two steps; other codes than 0 say whether trying again helps."""
    options = _parser().parse_args()
    try:
        options.step(options)
    except Exception as error:
        reason = {"Damaged": "ModelDamaged", "ModelError": "ModelUnusable"}.get(
            type(error).__name__, type(error).__name__
        )
        _tell(reason, str(error))
        return LATER if reason in ("Unreachable", "StoreError") else WRONG
    return 0


def _fetch(options: argparse.Namespace) -> None:
    from plumbline.serving.fetch import fetch

    fetch(os.environ["PLUMBLINE_MODEL_MANIFEST"], options.model)


def _serve(options: argparse.Namespace) -> None:
    from plumbline.serving.server import Options, run

    run(
        Options(
            model=options.model,
            name=options.name,
            identity=os.environ.get("PLUMBLINE_IDENTITY", "local"),
            port=options.port,
            admin_port=options.admin_port,
            host=options.host,
            drain_seconds=float(os.environ.get("PLUMBLINE_DRAIN_SECONDS", "5")),
        )
    )


def _tell(reason: str, message: str) -> None:
    """Leave the reason where the operator looks for it, and in the log."""
    print(f"plumbline: {reason}: {message}", file=sys.stderr)
    word = {"reason": reason, "message": message[:700], "retry": False}
    if TERMINATION_LOG.exists() or "PLUMBLINE_TERMINATION_LOG" in os.environ:
        TERMINATION_LOG.write_text(json.dumps(word))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="plumbline.serving")
    steps = parser.add_subparsers(required=True)
    for name, step in (("fetch", _fetch), ("serve", _serve)):
        sub = steps.add_parser(name)
        sub.set_defaults(step=step)
        sub.add_argument("--model", type=Path, default=Path("/model"))
        sub.add_argument("--name", default="model")
        sub.add_argument("--host", default="0.0.0.0")  # noqa: S104
        sub.add_argument("--port", type=int, default=8080)
        sub.add_argument("--admin-port", type=int, default=9090)
    return parser


if __name__ == "__main__":
    sys.exit(main())

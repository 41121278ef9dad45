"""`python -m plumbline.shell` runs the operator."""

import signal
import sys
from typing import NoReturn


def _end(*_: object) -> NoReturn:
    sys.exit(0)


# The imports take seconds. Process 1 of a container ignores a signal that it does not handle, and
# the operator would then begin to lead although it had to end.
signal.signal(signal.SIGTERM, _end)

from plumbline.shell.main import main  # noqa: E402

sys.exit(main())

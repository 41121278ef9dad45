"""`python -m plumbline.jobs <step>`: run one step of a Job and leave its termination message."""

import os
import sys

from plumbline.contract import layout
from plumbline.jobs import signals

if __name__ == "__main__":
    # Before the other imports, which take a second or more: SIGTERM may come meanwhile.
    signals.remember() if sys.argv[1:] == [layout.UPLOAD] else signals.end_at_once()
    from plumbline.jobs.steps import main
    from plumbline.log_lines import configure

    configure(os.environ)
    sys.exit(main(sys.argv[1:]))

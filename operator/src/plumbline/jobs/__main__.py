"""`python -m plumbline.jobs <step>`: one step of a Job, and its last words."""

import os
import sys

from plumbline.contract import layout
from plumbline.jobs import signals

if __name__ == "__main__":
    # First of all, because everything else takes its time to import.
    signals.remember() if sys.argv[1:] == [layout.UPLOAD] else signals.end_at_once()
    from plumbline.jobs.steps import main
    from plumbline.log import configure

    configure(os.environ)
    sys.exit(main(sys.argv[1:]))

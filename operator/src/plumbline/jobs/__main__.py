"""`python -m plumbline.jobs <step>`: one step of a Job, and its last words."""

import sys

from plumbline.jobs.steps import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

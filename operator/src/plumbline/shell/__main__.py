"""`python -m plumbline.shell` runs the operator."""

import sys

from plumbline.shell.main import main

sys.exit(main())

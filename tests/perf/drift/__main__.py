"""Measures what drift detection costs and prints the table.

Environment: PLUMBLINE_PERF_EVIDENTLY (the Python of a virtual environment that has Evidently).
"""

import sys
from pathlib import Path

from tests.perf.drift import beside, measure, report

RESULTS = Path(__file__).resolve().parents[1] / "results" / "drift.md"


def main() -> int:
    """Measure, print the page and, when it is whole, keep it."""
    other = beside.report()
    page = report.page(measure.windows(), measure.requests(), measure.evaluations(), other)
    print(page)
    if other:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())

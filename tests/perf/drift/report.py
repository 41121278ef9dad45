"""The table, the machine it was taken on, and what the rows mean."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from tests.perf.drift.table import COLUMNS, ROWS, TEXTS, WINDOWS

TEXT = """# Drift detection

Windows of {rows:,} rows and {columns} columns of numbers (float64: normal, exponential, uniform,
heavy-tailed), each counted by a reference of as many rows. {when}.

Machine: {machine}.

| | | bar |
|---|---|---|
| a window counted, ms | {count:.1f} | |
| a window counted and judged, ms | {judge:.1f} | 15 |
| ... as a share of np.sum's memory bandwidth, % | {bandwidth:.1f} | 15 |
| ... with {texts} columns of texts among them, ms | {mixed:.1f} | |
| noting one row of {columns} columns on a request's path, us | {note:.2f} | 2 |
| counting that row in the background, us | {flush:.0f} | |
| one evaluation of a monitor of 4,096 seconds of 50 rows, ms | {evaluate:.2f} | 5 |
| ... its evidence, taken on the event loop, ms | {evidence:.2f} | |
| a second of counts added, ms | {add:.2f} | |
| Evidently's Report of the same window, ms | {evidently} | |
| ... times as long as counted and judged | {times} | 1,000 |

How to read it: ratios decide, milliseconds inform. Every figure is the shortest of many rounds (of
two for Evidently), because a machine that is busy with something else only makes code slower.
np.sum adds up the same columns, in {sum:.2f} ms ({gigabytes:.0f} GB/s).
{windows} windows take turns, so that none is in a cache. "Judged" is every column's test at the
default sensitivity. An evaluation is what the operator does once a second for each monitor: the
drift test in 13 windows, missing and stuck values, the schema's rules.
{beside}
Again: `make perf NAME=drift`; with PLUMBLINE_PERF_EVIDENTLY=<a python that has evidently> for the
last two rows.
"""
BESIDE = """
Evidently is {version}: its default DataDriftPreset, Dataset and Report made from pandas frames, and
`dict()` of the result. It reads the reference's rows each time, Plumbline has read them once.
"""


def machine() -> str:
    """Describe the machine and the versions that matter."""
    info = Path("/proc/cpuinfo").read_text()
    models = [line.split(":")[1].strip() for line in info.splitlines() if "model name" in line]
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 2**20
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores ({models[0] if models else platform.machine()}), {memory:.0f} GB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, "
        f"numpy {np.__version__}; load average {load:.1f} while measuring, one thread used"
    )


def page(
    windows: dict[str, float],
    requests: dict[str, float],
    evaluations: dict[str, float],
    evidently: tuple[str, float] | None,
) -> str:
    """Return the page of results."""
    judged = windows["judge"]
    return TEXT.format(
        rows=ROWS,
        columns=COLUMNS,
        texts=TEXTS,
        windows=WINDOWS,
        when=datetime.now(UTC).strftime("%Y-%m-%d"),
        machine=machine(),
        bandwidth=100 * windows["sum"] / judged,
        **{name: 1000 * windows[name] for name in ("sum", "count", "judge", "mixed")},
        gigabytes=ROWS * COLUMNS * 8 / windows["sum"] / 1e9,
        **{name: 1e6 * seconds for name, seconds in requests.items()},
        **{name: 1000 * seconds for name, seconds in evaluations.items()},
        evidently=f"{1000 * evidently[1]:,.0f}" if evidently else "not measured",
        times=f"{evidently[1] / judged:,.0f}" if evidently else "-",
        beside=BESIDE.format(version=evidently[0]) if evidently else "",
    )

"""Evidently's Report of the same rows, if PLUMBLINE_PERF_EVIDENTLY names a Python that has it."""

import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from tests.perf.drift import table

PYTHON = os.environ.get("PLUMBLINE_PERF_EVIDENTLY")


def report() -> tuple[str, float] | None:
    """Return its version and its time in seconds; None when it was not asked for."""
    if not PYTHON:
        return None
    reference, window = (np.array(list(b.values())) for b in table.numbers(windows=2))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.npz"
        np.savez(path, reference=reference, window=window)
        script = Path(__file__).with_name("beside_report.py")
        words = [PYTHON, "-W", "ignore", str(script), str(path)]
        said = subprocess.run(words, check=True, capture_output=True, text=True, timeout=1800)
    version, seconds = said.stdout.split()[-2:]
    return version, float(seconds)

"""A large table is compared in bounded memory."""

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

ROWS, COLUMNS, LIMIT_KB = 1_000_000, 10, 1_500_000
RUN = "from plumbline.cli.main import main; main()"


def table(path: Path, seed: int, rows: int) -> Path:
    random = np.random.default_rng(seed)
    columns = {f"x{n}": random.standard_normal(rows).astype(np.float32) for n in range(COLUMNS)}
    pl.DataFrame(columns).with_columns(k=random.integers(0, 99, rows)).write_csv(
        path, float_precision=4
    )
    return path


@pytest.mark.prove
def test_a_million_rows_need_little_memory(tmp_path: Path) -> None:
    then, now = table(tmp_path / "then.csv", 1, ROWS), table(tmp_path / "now.csv", 2, ROWS)
    found = subprocess.run(
        [sys.executable, "-c", RUN, "drift", then, now], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    assert f" {ROWS} " in found.stdout
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < LIMIT_KB

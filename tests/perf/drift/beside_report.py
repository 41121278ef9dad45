"""Run by a Python that has Evidently, of which Plumbline knows nothing: times its Report.

Arguments: a file with the reference and the window. Prints the version and the shortest time.
"""

import os
import sys
import time

os.environ["DO_NOT_TRACK"] = "1"

import evidently
import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

ROUNDS = 2


def main() -> None:
    """Time the default Report of the window beside the reference."""
    with np.load(sys.argv[1]) as found:
        frames = [pd.DataFrame(found[name].T) for name in ("reference", "window")]
    frames = [frame.rename(columns=lambda n: f"c{n}") for frame in frames]
    columns = DataDefinition(numerical_columns=list(frames[0].columns))
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        reference, window = (Dataset.from_pandas(f, data_definition=columns) for f in frames)
        Report([DataDriftPreset()]).run(window, reference).dict()
        times.append(time.perf_counter() - started)
    print(evidently.__version__, min(times))


if __name__ == "__main__":
    main()

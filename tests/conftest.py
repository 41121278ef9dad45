"""What all tests share: how many examples a property gets, and that a busy machine fails none."""

import gc
import os

import pytest
from hypothesis import HealthCheck, Phase, settings

# The workers of `make unit` fill the cores: more threads would wait for each other. This comes
# before any test imports numpy or polars.
if "PYTEST_XDIST_WORKER" in os.environ:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
        os.environ.setdefault(name, "1")

WORKERS_ON_SMALL_MACHINES = 8


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_auto_num_workers() -> int:
    """Start two workers a core on small machines: half of the time a test waits for a server."""
    cores = os.cpu_count() or 1
    return max(cores, min(2 * cores, WORKERS_ON_SMALL_MACHINES))


settings.register_profile(
    "unit", deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("prove", settings.get_profile("unit"), max_examples=300)
# Whether a mutant is killed must not depend on luck, and how is of no interest.
settings.register_profile(
    "mutants",
    settings.get_profile("unit"),
    max_examples=15,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
)
settings.load_profile("unit")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Look no more for garbage in what has been imported, which takes a tenth of the time."""
    gc.collect()
    gc.freeze()

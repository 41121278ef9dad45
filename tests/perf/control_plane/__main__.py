"""Measures Plumbline and the plain Kopf operator in turns and prints the table.

Environment: PLUMBLINE_PERF_RUNS (2000), PLUMBLINE_PERF_ROUNDS (3).
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from plumbline.kube.config import connection

from tests.perf.control_plane import cluster, report
from tests.perf.control_plane.driver import NAMESPACE, RUNNING_SECONDS, Driver
from tests.perf.control_plane.measure import Contender, Figures, measure

USUAL = (2000, 3)
RUNS = int(os.environ.get("PLUMBLINE_PERF_RUNS", USUAL[0]))
ROUNDS = int(os.environ.get("PLUMBLINE_PERF_ROUNDS", USUAL[1]))
HERE = Path(__file__).resolve().parent
RESULTS = HERE.parent / "results" / "control_plane.md"


def ours(folder: Path) -> Contender:
    """Return Plumbline as it runs in its pod, but for its store being a folder."""
    store = {"PLUMBLINE_STORE_URL": f"file://{folder}/store/{{namespace}}"}
    words = ["-m", "plumbline.shell"]
    return Contender(name="Plumbline", words=words, environment=store, plans_data=True)


def plain(folder: Path, jobs: dict[str, object]) -> Contender:
    """Return the plain Kopf operator; it makes Jobs of the same size."""
    path = folder / "jobs.json"
    path.write_text(json.dumps(jobs))
    words = ["-m", "kopf", "run", "--all-namespaces", str(HERE / "plain_kopf.py")]
    environment = {"PLAIN_KOPF_JOBS": str(path)}
    return Contender(name="plain Kopf", words=words, environment=environment, plans_data=False)


def environment(kubeconfig: Path) -> dict[str, str]:
    """Return the variables that both operators get."""
    images = {f"PLUMBLINE_{name}_IMAGE": f"bench/{name}:1" for name in ("TRAINER", "SERVER")}
    found = {"KUBECONFIG": str(kubeconfig), "POD_NAMESPACE": NAMESPACE, "POD_NAME": "bench"}
    return {**found, **images, "PLUMBLINE_NAMESPACES": NAMESPACE}


async def contest(contender_of: Callable[[Path], Contender]) -> tuple[Figures, Driver]:
    """Measure an operator on a cluster of its own."""
    with cluster.fresh() as kubeconfig, tempfile.TemporaryDirectory() as name:
        folder, given = Path(name), environment(kubeconfig)
        os.environ |= given
        await asyncio.to_thread(cluster.make_namespace, NAMESPACE)
        return await measure(contender_of(folder), connection(), folder, RUNS)


def bare(job: Mapping[str, Any]) -> dict[str, Any]:
    """Return a Job as somebody would have written it: without what the server has added."""
    kept = ("labels", "annotations")
    metadata = {k: v for k, v in job["metadata"].items() if k in kept}
    spec = {k: v for k, v in job["spec"].items() if k != "selector"}
    template = {k: v for k, v in spec["template"].items() if k != "metadata"}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": {**spec, "template": template},
    }


def rounds() -> Iterator[tuple[Figures, Figures]]:
    """Yield the figures of both, in turns, so that a noisy neighbour meets either."""
    for number in range(1, ROUNDS + 1):
        first, driver = asyncio.run(contest(ours))
        jobs = {step: bare(job) for step, job in driver.jobs.items()}
        second, _ = asyncio.run(contest(lambda folder, jobs=jobs: plain(folder, jobs)))
        spent = [f"{each.name} {1000 * each.cpu:.1f} ms" for each in (first, second)]
        print(f"round {number} of {ROUNDS}: {', '.join(spent)} of CPU a lifecycle", flush=True)
        yield first, second


def main() -> int:
    """Measure both, print the page, keep it when it was measured as it usually is."""
    page = report.page(list(rounds()), kubernetes=cluster.version(), pause=RUNNING_SECONDS)
    print(page)
    if (RUNS, ROUNDS) == USUAL:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())

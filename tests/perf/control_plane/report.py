"""The table, the machine it was taken on, and what the columns mean."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.perf.control_plane.measure import Figures
from tests.perf.control_plane.server_counts import WRITES

Pair = tuple[Figures, Figures]
ROWS = (
    ("CPU a lifecycle, ms", lambda f: 1000 * f.cpu, "{:.2f}"),
    ("requests a run", lambda f: f.requests, "{:.2f}"),
    ("writes a run", lambda f: f.writes, "{:.2f}"),
    ("CPU a write, ms", lambda f: 1000 * f.cpu / f.writes, "{:.2f}"),
    ("runs a second", lambda f: f.runs / f.wall_seconds, "{:.1f}"),
    ("peak memory, MB", lambda f: f.peak_mb, "{:.0f}"),
    ("idle, % of a core", lambda f: 100 * f.idle_share, "{:.2f}"),
    ("start again: CPU until quiet, s", lambda f: f.again_cpu_seconds, "{:.2f}"),
    ("start again: seconds until quiet", lambda f: f.again_wall_seconds, "{:.1f}"),
    ("start again: peak memory, MB", lambda f: f.again_peak_mb, "{:.0f}"),
    ("start again: writes", lambda f: f.again_writes, "{:.0f}"),
    ("start again: objects changed", lambda f: f.again_changed, "{:.0f}"),
)
TEXT = """# The control plane alone

{runs} TrainingRuns, each with its train and its judge Job, on a real etcd and kube-apiserver
{kubernetes}. No node and no controller: a driver lets each Job become active and, {pause} s later,
complete, and writes the manifest that its last step would have written. Requests are the API
server's own counts without the driver's. {when}.

Machine: {machine}.

{table}

CPU a lifecycle by round, ms (the table is that of the middle ratio):

{rounds}

Requests of all runs:

{requests}

How to read it: ratios decide, milliseconds inform; the two take turns, since the machine is shared.
CPU is user and system time of the operator's process from the first run's creation until it is
quiet. Plain Kopf is plain_kopf.py beside the bench: on.create makes the first Job, on.event copies
each change of a Job to the run and makes the second Job. Its Jobs are of the same size; it freezes
no spec, reads no store, records no events and judges nothing. Both run on uvloop. "Start again" is
a new process that finds everything finished.
Again: `make perf NAME=control_plane`, with PLUMBLINE_PERF_RUNS and PLUMBLINE_PERF_ROUNDS for other
numbers.
"""


def table(ours: Figures, plain: Figures) -> str:
    """Return the figures side by side."""
    lines = [f"| | {ours.name} | {plain.name} | ratio |", "|---|---|---|---|"]
    for title, figure, form in ROWS:
        mine, other = figure(ours), figure(plain)
        ratio = f"{mine / other:.2f}" if other else "-"
        lines.append(f"| {title} | {form.format(mine)} | {form.format(other)} | {ratio} |")
    return "\n".join(lines)


def requests(*figures: Figures) -> str:
    """Return who asked what, by verb and resource."""
    head = " | ".join(f.name for f in figures)
    lines = [f"| verb | resource | {head} |", "|---|---|" + "---|" * len(figures)]
    asked = {key for f in figures for key, number in f.asked.items() if number > 0}
    for verb, place in sorted(asked, key=lambda key: (key[0] not in WRITES, key)):
        counts = " | ".join(str(f.asked[verb, place]) for f in figures)
        lines.append(f"| {verb} | {place} | {counts} |")
    return "\n".join(lines)


def machine() -> str:
    """Describe the machine and the versions that matter."""
    info = Path("/proc/cpuinfo").read_text()
    models = [line.split(":")[1].strip() for line in info.splitlines() if "model name" in line]
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 2**20
    packages = ", ".join(f"{name} {version(name)}" for name in ("kopf", "aiohttp", "pydantic"))
    return (
        f"{os.cpu_count()} cores ({models[0] if models else platform.machine()}), {memory:.0f} GB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, "
        f"{packages}; API server, etcd and driver share the cores"
    )


def ratio(pair: Pair) -> float:
    """Return the CPU of ours over that of the plain operator."""
    return pair[0].cpu / pair[1].cpu


def rounds(pairs: Sequence[Pair]) -> str:
    """Return what each round has found."""
    lines = [f"| round | {pairs[0][0].name} | {pairs[0][1].name} | ratio |", "|---|---|---|---|"]
    for number, pair in enumerate(pairs, 1):
        mine, other = (1000 * each.cpu for each in pair)
        lines.append(f"| {number} | {mine:.2f} | {other:.2f} | {ratio(pair):.2f} |")
    return "\n".join(lines)


def page(pairs: Sequence[Pair], *, kubernetes: str, pause: float) -> str:
    """Return the page of results."""
    ours, plain = sorted(pairs, key=ratio)[len(pairs) // 2]
    return TEXT.format(
        runs=ours.runs,
        kubernetes=kubernetes,
        pause=pause,
        when=datetime.now(UTC).strftime("%Y-%m-%d"),
        machine=machine(),
        table=table(ours, plain),
        rounds=rounds(pairs),
        requests=requests(ours, plain),
    )

"""The main part: a model serves without alarms, the data drifts, and a new model replaces it."""

import asyncio
import contextlib
import io
import json
import tempfile
import time
from collections.abc import Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import obstore
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from plumbline.api.metrics import METRICS
from plumbline.serving.engines import load
from plumbline.stats.measure import evaluate
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from demo import cluster, flights
from demo.cluster import StoryError, condition, get, until
from demo.replay import Traffic, replay

MANIFEST = Path(__file__).parent.parent / "manifests" / "examples" / "flights.yaml"
RATE = 50.0
QUIET_ROWS = 4500
LAST_LOOK_SECONDS = 2.0
console = Console(width=110)


@dataclass(slots=True)
class Story:
    """What has happened so far, and the results."""

    rows: pd.DataFrame
    traffic: Traffic = field(default_factory=Traffic)
    stages: dict[str, float] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)


def say(text: str) -> None:
    """Print a line with the time of day."""
    console.print(f"[dim]{time.strftime('%H:%M:%S')}[/dim] {text}")


async def tell(story: Story) -> None:
    """Run the main part."""
    await cluster.begin()
    await publish(story, months=(1, 2))
    await first_model(story)
    await quiet(story)
    await publish(story, months=(5, 6))
    await july(story)
    await compare(story)


async def publish(story: Story, *, months: Iterable[int]) -> None:
    """Upload months to the bucket of the Dataset, without the days that are held back."""
    files = {}
    for month in months:
        mine = (story.rows["month"] == month) & ~flights.held_back(story.rows)
        files[f"2013-{month:02}.parquet"] = _parquet(flights.published(story.rows[mine]))
    cluster.apply(_source_secret())
    await cluster.upload(files)
    say(f"New data: uploaded {', '.join(files)}.")


def _parquet(rows: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(rows, preserve_index=False), buffer)
    return buffer.getvalue()


def _source_secret() -> dict[str, Any]:
    """Return the Secret with the credentials for the source of the Dataset."""
    address = f"http://plumbline-store.{cluster.SYSTEM}.svc:7070"
    content = {**cluster.credentials(), "AWS_ENDPOINT_URL": address, "AWS_REGION": "us-east-1"}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "flights-source"},
        "stringData": content,
    }


async def first_model(story: Story) -> None:
    """Apply the example file and wait until the model serves."""
    started = time.monotonic()
    cluster.kubectl("apply", "-f", str(MANIFEST))
    say(f"Applied {MANIFEST.name}: one file with all five kinds.")
    data = await until("dataset", "flights", is_ready, seconds=180, why="to have a revision")
    say(f"Data: {condition(data, 'Ready')['message']}")
    run = await until("trainingrun", "flights-first", is_ready, seconds=300, why="to be evaluated")
    say(f"Training: {condition(run, 'Ready')['message']}")
    served = await until("modeldeployment", "flights", is_ready, seconds=120, why="to serve")
    say(f"Serving: {condition(served, 'Ready')['message']}")
    story.stages["first_model_seconds"] = round(time.monotonic() - started, 1)


def is_ready(obj: dict[str, Any]) -> bool:
    """Return whether an object is Ready; a stalled one ends the demo."""
    if condition(obj, "Stalled").get("status") == "True":
        name = obj["metadata"]["name"]
        raise StoryError(f"{obj['kind']} {name}: {condition(obj, 'Stalled')['message']}")
    return condition(obj, "Ready").get("status") == "True"


async def infer_url() -> str:
    """Return the URL of the infer endpoint of the model."""
    return f"{await cluster.service_address('flights')}/v2/models/flights/infer"


async def quiet(story: Story) -> None:
    """Replay days of January and February that no model trained on: there must be no alarm."""
    early = story.rows["month"].isin([1, 2]) & flights.held_back(story.rows)
    rows = story.rows[early].head(QUIET_ROWS)
    alarms: list[str] = []
    say(f"Replaying {len(rows)} held-back rows of January and February; no alarm is expected.")
    async with watching(alarms):
        await _replay(story, rows, "held-back days")
    story.result |= {"quiet_rows": len(rows), "quiet_alarms": len(alarms)}
    say(f"Without drift: {len(alarms)} alarms, {story.traffic.failed} failed requests.")


@asynccontextmanager
async def watching(alarms: list[str]) -> Any:
    """Record each alarm of the monitor while the block runs."""

    async def watch() -> None:
        while True:
            monitor = await asyncio.to_thread(get, "driftmonitor", "flights")
            for type_ in ("Drifted", "DataBroken", "Suspect"):
                found = condition(monitor, type_)
                began = f"{type_} {found.get('lastTransitionTime')}"
                if found.get("status") == "True" and began not in alarms:
                    alarms.append(began)
                    say(f"[red]Alarm[/red] {type_}: {found['message']}")
            await asyncio.sleep(0.5)

    task = asyncio.create_task(watch())
    try:
        yield
    finally:
        await asyncio.sleep(LAST_LOOK_SECONDS)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _replay(story: Story, rows: pd.DataFrame, name: str, **options: Any) -> None:
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )
    with bar:
        task = bar.add_task(name, total=len(rows))
        await replay(
            rows,
            url=await infer_url(),
            rate=RATE,
            traffic=story.traffic,
            each=lambda: bar.advance(task),
            **options,
        )


async def july(story: Story) -> None:
    """Replay July in time order until the new model serves all requests."""
    rows = story.rows[story.rows["month"] == 7]
    started, before = time.monotonic(), story.traffic.requests
    healing = asyncio.create_task(_healing(story, started, before))
    say("Replaying July; drift is expected.")
    await _replay(story, rows, "July", stop=healing.done)
    if not healing.done():
        raise StoryError("July ended before the new model served all requests.")
    await healing


async def _healing(story: Story, started: float, before: int) -> None:
    """Follow the loop: alarm, new revision, new run, canary, promotion."""

    def took(stage: str) -> float:
        story.stages[stage] = round(time.monotonic() - started, 1)
        return story.stages[stage]

    monitor = await until("driftmonitor", "flights", _drifted, seconds=60, why="to alarm")
    rows = story.traffic.requests - before
    story.result |= {"alarm_rows": rows, "alarm_seconds": took("alarm")}
    say(f"[bold]Drift[/bold] after {rows} rows: {condition(monitor, 'Drifted')['message']}")
    data = await until("dataset", "flights", _second_revision, seconds=120, why="to be refreshed")
    say(f"New revision after {took('revision')} s: {condition(data, 'Ready')['message']}")
    run = await until("driftmonitor", "flights", _last_run, seconds=60, why="to start a run")
    name = run["status"]["lastRun"]
    judged = await until("trainingrun", name, is_ready, seconds=300, why="to be evaluated")
    say(f"Run {name} after {took('evaluated')} s: {condition(judged, 'Ready')['message']}")
    await until(
        "modeldeployment",
        "flights",
        lambda d: _serves(d, name, "canary"),
        seconds=60,
        why="to start a canary",
    )
    say(f"Canary after {took('canary')} s.")
    await until(
        "modeldeployment",
        "flights",
        lambda d: _serves(d, name, "stable"),
        seconds=240,
        why="to promote",
    )
    story.result["healed_seconds"] = took("promoted")
    say(f"[bold]Promoted[/bold] after {took('promoted')} s: run {name} serves all requests.")


def _drifted(monitor: dict[str, Any]) -> bool:
    return condition(monitor, "Drifted").get("status") == "True"


def _second_revision(data: dict[str, Any]) -> bool:
    return bool(data["status"].get("revision", 0) >= 2)


def _last_run(monitor: dict[str, Any]) -> bool:
    return bool(monitor["status"].get("lastRun"))


def _serves(deployment: dict[str, Any], run: str, role: str) -> bool:
    status = deployment["status"]
    roles = [status.get(role) or {}, status.get("stable") or {}]
    return any(served.get("run") == run for served in roles)


async def compare(story: Story) -> None:
    """Evaluate both models on the July rows after the promotion."""
    july_rows = story.rows[story.rows["month"] == 7]
    later = july_rows[july_rows["day"] > 15]
    healed = get("driftmonitor", "flights")["status"]["lastRun"]
    for key, run in (("auc_before", "flights-first"), ("auc_after", healed)):
        story.result[key] = round(await _auc(run, later), 4)
    before, after = story.result["auc_before"], story.result["auc_after"]
    say(f"AUC on {len(later)} later rows of July: {before} before, {after} with the new model.")


async def _auc(run: str, rows: pd.DataFrame) -> float:
    """Return the AUC of the model of a run, read from the store, on rows."""
    digest = get("trainingrun", run)["status"]["model"]["manifest"]
    async with cluster.forwarded("plumbline-store", 7070, namespace=cluster.SYSTEM) as port:
        store = cluster.bucket(f"plumbline-{cluster.NAMESPACE}", port)
        text = await obstore.get_async(store, f"manifests/{digest.removeprefix('sha256:')}.json")
        manifest = json.loads(bytes(await text.bytes_async()))
        with tempfile.TemporaryDirectory() as folder:
            for file in manifest["model"]["files"]:
                hexes = file["blob"].removeprefix("sha256:")
                blob = await obstore.get_async(store, f"blobs/sha256/{hexes[:2]}/{hexes}")
                (Path(folder) / file["path"]).write_bytes(bytes(await blob.bytes_async()))
            chances = load(Path(folder)).predict(flights.columns(rows))[:, -1]
    return float(evaluate(METRICS["auc"], rows["late"].to_numpy(), chances).value)

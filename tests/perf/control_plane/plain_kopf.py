"""The operator that Kopf's tutorial leads to, for comparison: `kopf run plain_kopf.py`.

on.create makes the train Job; on.event copies what a Job says to its run's status and makes the
judge Job when training is complete. It freezes nothing, reads no store, says no events, judges
nothing: the same two Jobs, whose specs are those of the other operator, and a status.
"""

import datetime
import json
import os
from pathlib import Path
from typing import Any

import aiohttp
import kopf
from plumbline.kube.config import connection

GROUP, LABELS = "plumbline.dev/v1alpha1", {"app.kubernetes.io/managed-by": "plumbline"}
COMPONENT = "app.kubernetes.io/component"
JOBS = json.loads(Path(os.environ["PLAIN_KOPF_JOBS"]).read_text())
NEXT = {"train": "judge"}
http: dict[str, Any] = {}


@kopf.on.startup()
async def start(settings: kopf.OperatorSettings, **_: Any) -> None:
    """Open a connection pool for our own requests."""
    server = connection()
    http["server"], http["session"] = server.server, server.session()
    settings.peering.standalone = True


@kopf.on.cleanup()
async def stop(**_: Any) -> None:
    """Close the pool."""
    await http["session"].close()


@kopf.on.create("trainingruns")
async def created(body: kopf.Body, patch: kopf.Patch, **_: Any) -> None:
    """Make the train Job."""
    await make("train", body["metadata"]["namespace"], body["metadata"])
    patch.status["startTime"] = now()


@kopf.on.event("batch", "v1", "jobs", labels=LABELS)
async def changed(type: str, body: kopf.Body, **_: Any) -> None:
    """Copy the Job's status to its run; make the next Job when this one is complete."""
    if type == "DELETED":
        return
    metadata = body["metadata"]
    step, (owner, *_rest) = metadata["labels"][COMPONENT], metadata["ownerReferences"]
    told = body.get("status", {}).get("conditions", ())
    complete = any(c["type"] == "Complete" and c["status"] == "True" for c in told)
    await copy_status(metadata["namespace"], owner["name"], status_of(step, body, complete))
    if complete and step in NEXT:
        await make(NEXT[step], metadata["namespace"], owner)


def status_of(step: str, job: Any, complete: bool) -> dict[str, Any]:
    """Return what a Job says, in the words of a run's status."""
    ended = complete and step not in NEXT
    active = job.get("status", {}).get("active", 0)
    condition = {
        "type": "Ready",
        "status": "True" if ended else "False",
        "reason": f"{step.capitalize()}{'Complete' if complete else 'Active'}",
        "message": f"Job {job['metadata']['name']}: {active} active",
        "lastTransitionTime": now(),
    }
    return {"conditions": [condition]} | ({"completionTime": now()} if ended else {})


async def make(step: str, namespace: str, owner: Any) -> None:
    """Create a Job of a run, unless it is there."""
    reference = {"apiVersion": GROUP, "kind": "TrainingRun", "controller": True}
    reference |= {"name": owner["name"], "uid": owner["uid"]}
    metadata = {"name": f"{owner['name']}-{step}", "ownerReferences": [reference]}
    job = {**JOBS[step], "metadata": {**JOBS[step]["metadata"], **metadata}}
    await send("POST", f"/apis/batch/v1/namespaces/{namespace}/jobs", job, "application/json")


async def copy_status(namespace: str, run: str, status: dict[str, Any]) -> None:
    """Patch the status of a run."""
    path = f"/apis/{GROUP}/namespaces/{namespace}/trainingruns/{run}/status"
    await send("PATCH", path, {"status": status}, "application/merge-patch+json")


async def send(method: str, path: str, body: Any, content_type: str) -> None:
    """Send a request; what exists already is fine."""
    session: aiohttp.ClientSession = http["session"]
    options = {"data": json.dumps(body), "headers": {"Content-Type": content_type}}
    async with session.request(method, http["server"] + path, **options) as answer:
        if answer.status >= 400 and answer.status != 409:
            raise kopf.TemporaryError(await answer.text(), delay=1)
        await answer.read()


def now() -> str:
    """Return the time as Kubernetes writes it."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""Access to the cluster for the demo: kubectl, the store, and the URL of the model."""

import asyncio
import base64
import contextlib
import json
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import obstore
from obstore.store import S3Store
from plumbline.plan.registry import OURS

NAMESPACE = "flights"
SYSTEM = "plumbline-system"
RAW_BUCKET = "flights-raw"


class StoryError(RuntimeError):
    """The demo did not go as expected."""


def kubectl(*words: str, stdin: str | None = None, check: bool = True) -> str:
    """Run kubectl in the namespace of the demo and return its output."""
    done = subprocess.run(
        ["kubectl", "--namespace", NAMESPACE, *words],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    if check and done.returncode:
        raise StoryError(f"kubectl {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def apply(*manifests: dict[str, Any]) -> None:
    """Apply objects server-side."""
    items = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(items))


def get(kind: str, name: str) -> dict[str, Any]:
    """Return an object, or an empty one."""
    text = kubectl("get", kind, name, "--ignore-not-found", "-o", "json")
    return json.loads(text) if text else {}


def condition(obj: dict[str, Any], type_: str) -> dict[str, Any]:
    """Return a condition of an object, or an empty one."""
    found = [c for c in obj.get("status", {}).get("conditions", ()) if c["type"] == type_]
    return found[0] if found else {}


async def until(
    kind: str, name: str, what: Callable[[dict[str, Any]], Any], *, seconds: float, why: str
) -> dict[str, Any]:
    """Wait until an object is as expected.

    Raises:
        StoryError: it was not within `seconds`; the message has its conditions.
    """
    deadline = time.monotonic() + seconds
    while True:
        obj = await asyncio.to_thread(get, kind, name)
        if what(obj):
            return obj
        if time.monotonic() > deadline:
            told = json.dumps(obj.get("status", {}).get("conditions"), indent=1)
            raise StoryError(
                f"Waited {seconds:.0f} s for {kind}/{name} {why}. Its conditions are: {told}"
            )
        await asyncio.sleep(0.25)


@asynccontextmanager
async def forwarded(service: str, port: int, *, namespace: str) -> AsyncIterator[int]:
    """Forward a local port to a Service and yield its number."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        local = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *("kubectl", "--namespace", namespace, "port-forward", f"service/{service}"),
        f"{local}:{port}",
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        if process.stdout is None:
            raise StoryError("kubectl port-forward has no output.")
        await asyncio.wait_for(process.stdout.readline(), 30)
        yield local
    finally:
        process.terminate()
        await process.wait()


def credentials() -> dict[str, str]:
    """Return the credentials of the namespace for the store."""
    secret = get("secret", "plumbline-store")
    return {key: base64.b64decode(text).decode() for key, text in secret["data"].items()}


def bucket(name: str, port: int) -> S3Store:
    """Return a bucket of the store behind a local port."""
    keys = credentials()
    return S3Store(
        name,
        endpoint=f"http://127.0.0.1:{port}",
        access_key_id=keys["AWS_ACCESS_KEY_ID"],
        secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        region="us-east-1",
        client_options={"allow_http": True},
    )


async def upload(files: dict[str, bytes]) -> None:
    """Write files to the bucket that the Dataset reads."""
    async with forwarded("plumbline-store", 7070, namespace=SYSTEM) as port:
        store = bucket(RAW_BUCKET, port)
        for name, content in files.items():
            await obstore.put_async(store, name, content)


async def begin() -> None:
    """Remove what an earlier run has left: objects of our kinds and uploaded files."""
    # By their full names: kubectl then asks the server again about kinds that it does not know.
    kinds = ",".join(f"{kind.plural}.{kind.group}" for kind in OURS)
    await asyncio.to_thread(kubectl, "delete", kinds, "--all", "--wait")
    async with forwarded("plumbline-store", 7070, namespace=SYSTEM) as port:
        store = bucket(RAW_BUCKET, port)
        await asyncio.to_thread(_create_bucket, store)
        names = [entry["path"] for page in obstore.list(store) for entry in page]
        if names:
            await obstore.delete_async(store, names)


def _create_bucket(store: S3Store) -> None:
    """Create the bucket unless it exists: obstore can sign the request, but not create one."""
    url = obstore.sign(store, "PUT", "", timedelta(minutes=5))
    with contextlib.suppress(HTTPError):
        urlopen(Request(url, data=b"", method="PUT"), timeout=30).close()


async def service_address(name: str) -> str:
    """Return a URL of a Service: its own address if possible, else through the API server."""
    ip = get("service", name)["spec"]["clusterIP"]
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(ip, 80), 2)
        writer.close()
    except (OSError, TimeoutError):
        return await _proxy(name)
    return f"http://{ip}"


async def _proxy(name: str) -> str:
    """Start `kubectl proxy`, which ends with the demo, and return the URL of the Service in it."""
    process = await asyncio.create_subprocess_exec(
        "kubectl", "proxy", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    if process.stdout is None:
        raise StoryError("kubectl proxy has no output.")
    port = (await process.stdout.readline()).decode().strip().rsplit(":", 1)[-1]
    return f"http://127.0.0.1:{port}/api/v1/namespaces/{NAMESPACE}/services/{name}:80/proxy"

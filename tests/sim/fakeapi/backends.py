"""The API servers that the conformance suite runs against: the fake, and a real one."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
from plumbline.api.objects import Key, Resource
from plumbline.kube.client import Client
from plumbline.kube.config import Connection, connection
from plumbline.kube.errors import AlreadyExists, NotFound

from tests.sim.fakeapi.server import FakeApi
from tests.sim.fakeapi.waiting import eventually

Object = dict[str, Any]
REMOVED = pytest.StashKey[bool]()
# A group of its own for each run, so that runs beside each other do not meet on a real server.
WIDGET = Resource(f"c{uuid.uuid4().hex[:8]}.plumbline.dev", "v1", "Widget", "widgets")
CONFIG_MAP = Resource("", "v1", "ConfigMap", "configmaps")
EVENT = Resource("", "v1", "Event", "events")
LEASE = Resource("coordination.k8s.io", "v1", "Lease", "leases")
SERVICE = Resource("", "v1", "Service", "services")
JOB = Resource("batch", "v1", "Job", "jobs")
DEPLOYMENT = Resource("apps", "v1", "Deployment", "deployments")
BUDGET = Resource("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets")
SCALER = Resource("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
NAMESPACE = Resource("", "v1", "Namespace", "namespaces")
CRD = Resource(
    "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions"
)
RESOURCES = (
    *(WIDGET, CONFIG_MAP, EVENT, LEASE, SERVICE),
    *(JOB, DEPLOYMENT, BUDGET, SCALER),
)
WITH_STATUS = {r.plural for r in (WIDGET, JOB, DEPLOYMENT, SERVICE, BUDGET, SCALER)}


@dataclass(frozen=True, slots=True)
class Backend:
    """A server to test: a client of it, a namespace of its own, and the fake if it is one."""

    client: Client
    connection: Connection
    namespace: str
    fake: FakeApi | None = None

    def key(self, resource: Resource, name: str) -> Key:
        return Key(resource, self.namespace, name)

    def manifest(self, resource: Resource, name: str, **fields: Any) -> Object:
        labels = fields.pop("labels", {})
        metadata = {"name": name, "namespace": self.namespace, "labels": labels}
        head = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata}
        return head | fields

    async def create(self, resource: Resource, name: str, **fields: Any) -> Object:
        manifest = self.manifest(resource, name, **fields)
        return await self.client.create(self.key(resource, name), manifest)


@asynccontextmanager
async def fake_backend(**options: Any) -> AsyncIterator[Backend]:
    async with (
        FakeApi(resources=RESOURCES, with_status=WITH_STATUS, **options) as api,
        Client(api.connection()) as client,
    ):
        yield Backend(client, api.connection(), "here", api)


@asynccontextmanager
async def real_backend() -> AsyncIterator[Backend]:
    if not os.environ.get("KUBECONFIG"):
        pytest.skip("KUBECONFIG names no cluster")
    reached = connection()
    namespace = f"conformance-{uuid.uuid4().hex[:8]}"
    async with Client(reached) as client:
        await _serve_widgets(client)
        key = Key(NAMESPACE, "", namespace)
        head = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        made = await client.create(key, head)
        try:
            yield Backend(client, reached, namespace)
        finally:
            await client.delete(key, uid=made["metadata"]["uid"])


@pytest.fixture(name="backend", params=["fake", pytest.param("real", marks=pytest.mark.cluster)])
async def any_backend(request: pytest.FixtureRequest) -> AsyncIterator[Backend]:
    if request.param == "real" and REMOVED not in request.config.stash:
        request.config.stash[REMOVED] = True
        request.config.add_cleanup(lambda: asyncio.run(_remove_widgets()))
    opened = fake_backend(bookmark_seconds=0.5) if request.param == "fake" else real_backend()
    async with opened as found:
        yield found


async def _remove_widgets() -> None:
    """Leave a real server as it was."""
    if not os.environ.get("KUBECONFIG"):
        return
    key = Key(CRD, "", f"{WIDGET.plural}.{WIDGET.group}")
    async with Client(connection()) as client:
        with suppress(NotFound):
            await client.delete(key, uid=(await client.get(key))["metadata"]["uid"])


async def _serve_widgets(client: Client) -> None:
    """Define the tiny kind on the real server, and wait until it is served."""
    name = f"{WIDGET.plural}.{WIDGET.group}"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": WIDGET.version,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": schema},
    }
    names = {"plural": WIDGET.plural, "kind": WIDGET.kind, "singular": "widget"}
    spec = {"group": WIDGET.group, "scope": "Namespaced", "names": names, "versions": [version]}
    head = {"apiVersion": CRD.api_version, "kind": CRD.kind, "metadata": {"name": name}}
    try:
        await client.create(Key(CRD, "", name), head | {"spec": spec})
    except AlreadyExists:
        return

    async def is_served() -> bool:
        try:
            await client.list(WIDGET)
        except NotFound:
            return False
        return True

    await eventually(is_served)

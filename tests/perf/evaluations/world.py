"""The objects of the bench: models that serve, their pods and monitors, and the store."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from plumbline.api import names
from plumbline.api.objects import Key, Resource
from plumbline.api.resources import POD
from plumbline.api.v1alpha1.drift_monitor import DRIFT_MONITOR
from plumbline.api.v1alpha1.model_deployment import MODEL_DEPLOYMENT
from plumbline.contract import control
from plumbline.contract.control import Span
from plumbline.stats.count import count
from plumbline.store import Store

from tests.perf.drift import measure, table

NAMESPACE, IDENTITY, BODIES = "here", "one", 64
Object = dict[str, Any]


def bodies() -> list[str]:
    """Return the counts of some seconds as they are sent, without their first key."""
    batch = table.numbers(windows=1)[0]
    layout = table.layout_of(batch)
    found = []
    for number in range(BODIES):
        start = number * measure.RATE
        part = {name: values[start : start + measure.RATE] for name, values in batch.items()}
        cells = count(layout, part)
        places = np.flatnonzero(cells)
        span = Span(
            start=0,
            rows=measure.RATE,
            cells=places.tolist(),
            counts=cells[places].tolist(),
            violations={},
        )
        found.append(control.encode(span).decode().partition(",")[2])
    return found


def served(folder: Path) -> Object:
    """Put the model into the store; return what a deployment's status says of it."""
    layout = table.layout_of(table.numbers(windows=1)[0])
    store = Store.open(f"file://{folder}/store/{NAMESPACE}")
    blob = store.put_blob(_json(measure.description(layout)))
    files = [{"path": "model.json", "blob": blob}]
    manifest = store.put_manifest({"kind": "Model", "model": {"files": files}})
    image = {"image": "server:1", "run": "r"}
    return {"identity": IDENTITY, "model": blob, "manifest": manifest, **image}


def objects(number: int, served: Object, port: int) -> Iterator[tuple[Key, Object]]:
    """Yield deployment, monitor and pod of each model."""
    for place in range(number):
        name = f"model-{place:03}"
        # Suspended: no rollout begins, whose canary would be looked at every second.
        spec = {"model": {"runRef": {"name": "r"}}, "suspend": True}
        yield _object(MODEL_DEPLOYMENT, name, spec=spec, status={"stable": served})
        yield _object(DRIFT_MONITOR, name, spec={"deploymentRef": {"name": name}})
        labels = {
            names.DEPLOYMENT_LABEL: name,
            names.IDENTITY_LABEL: IDENTITY,
            names.MANAGED_BY: names.MANAGER,
        }
        ports = [{"name": "admin", "containerPort": port}]
        containers = [{"name": "server", "image": "server:1", "ports": ports}]
        status = {
            "podIP": f"127.0.1.{place + 1}",
            "conditions": [{"type": "Ready", "status": "True"}],
        }
        yield _object(POD, name, labels, spec={"containers": containers}, status=status)


def _object(
    resource: Resource, name: str, labels: dict[str, str] | None = None, **fields: Object
) -> tuple[Key, Object]:
    metadata = {"name": name, "namespace": NAMESPACE, "labels": labels or {}}
    head = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata}
    return Key(resource, NAMESPACE, name), head | fields


def _json(content: Object) -> bytes:
    return msgspec.json.encode(content)

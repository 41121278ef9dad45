"""A model that was damaged in the store never serves; once it is restored, it serves again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import obstore
import pytest
from obstore.store import S3Store

from tests.e2e import cluster
from tests.e2e.cluster import get, is_ready, kubectl, message, poll, says, until
from tests.e2e.conftest import Model

pytestmark = pytest.mark.cluster


@pytest.fixture
def store(store_port: int) -> S3Store:
    """Return the bucket in which the namespace's models are."""
    return cluster.bucket(f"plumbline-{cluster.NAMESPACE}", store_port)


def read(store: S3Store, path: str) -> bytes:
    return bytes(obstore.get(store, path).bytes())


def blob_of(store: S3Store, run: str) -> str:
    """Return the digest of the first file of a run's model."""
    digest = get("trainingrun", run)["status"]["model"]["manifest"].removeprefix("sha256:")
    manifest = json.loads(read(store, f"manifests/{digest}.json"))
    return manifest["model"]["files"][0]["blob"].removeprefix("sha256:")


@contextmanager
def damaged(store: S3Store, path: str) -> Iterator[None]:
    """Flip the last byte of a file for a while."""
    good = read(store, path)
    obstore.put(store, path, good[:-1] + bytes([good[-1] ^ 1]))
    try:
        yield
    finally:
        obstore.put(store, path, good)


def test_my_model_was_damaged_in_the_store(model: Model, store: S3Store) -> None:
    blob = blob_of(store, model.run)
    with damaged(store, f"blobs/sha256/{blob[:2]}/{blob}"):
        new_pods(model.name)
        found = until("modeldeployment", model.name, says("ModelDamaged"), seconds=60)
        assert blob[:12] in message(found, "ModelDamaged")
    new_pods(model.name)
    until("modeldeployment", model.name, is_ready)
    poll(model.answers, seconds=30, why=lambda: "the model does not answer")


def new_pods(name: str) -> None:
    """Have every serving pod made again."""
    kubectl("delete", "pods", "-l", f"plumbline.dev/deployment={name}", "--wait=false")

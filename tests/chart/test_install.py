"""The chart on a real cluster: upgrades, accounts in the store, uninstall. Needs `make deploy`."""

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import obstore
import pytest
import yaml
from obstore.exceptions import BaseError
from obstore.store import S3Store

from hack.generate import crd
from hack.generate.__main__ import REPOSITORY
from tests.chart.helm import PATH, helm, named, render
from tests.chart.kubectl import apply, get, kubectl, namespace, until
from tests.chart.objects import make

pytestmark = pytest.mark.cluster
HOME = "plumbline-system"
RELEASE = ("plumbline", PATH, "--namespace", HOME)
STAYS = {"Namespace", "PersistentVolumeClaim"}
EVERYTHING = (
    "deployments,services,configmaps,secrets,serviceaccounts,persistentvolumeclaims,"
    "networkpolicies,poddisruptionbudgets,roles,rolebindings,clusterroles,clusterrolebindings,crds"
)


@pytest.fixture(scope="module", autouse=True)
def _deployed() -> None:
    assert helm("status", "plumbline", "--namespace", HOME), "run `make deploy` first"


def upgrade(*words: str) -> None:
    """Upgrade the release and wait for the store."""
    helm("upgrade", *RELEASE, "--reuse-values", *words)
    kubectl("-n", HOME, "rollout", "status", "deployment/plumbline-store", "--timeout=120s")


def values() -> dict[str, Any]:
    """Return the values that the release was given."""
    return json.loads(helm("get", "values", "plumbline", "--namespace", HOME, "-o", "json")) or {}


def keys_of(ns: str, name: str = "plumbline-store") -> dict[str, str]:
    """Return the content of a Secret."""
    data = get(ns, "secret", name)["data"]
    return {key: base64.b64decode(text).decode() for key, text in data.items()}


@contextmanager
def worked_in(*more: str) -> Iterator[None]:
    """Let Plumbline work in more namespaces for a while."""
    before = values().get("namespaces", [])
    upgrade("--set", f"namespaces={{{','.join([*before, *more])}}}")
    try:
        yield
    finally:
        upgrade("--set", f"namespaces={{{','.join(before)}}}")


@contextmanager
def store_port() -> Iterator[int]:
    """Forward a local port to the store and yield its number."""
    words = ["kubectl", "-n", HOME, "port-forward", "service/plumbline-store", ":7070"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline().split(":")[1].split()[0])
        finally:
            process.terminate()


def bucket(name: str, keys: dict[str, str], port: int) -> S3Store:
    """Return a bucket as one account sees it."""
    return S3Store(
        name,
        endpoint=f"http://127.0.0.1:{port}",
        access_key_id=keys["AWS_ACCESS_KEY_ID"],
        secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        region="us-east-1",
        client_options={"allow_http": True},
    )


def installed() -> set[str]:
    """Return the names of all objects that carry the release's label."""
    words = ("get", EVERYTHING, "-A", "-l", "app.kubernetes.io/instance=plumbline", "-o", "name")
    return set(kubectl(*words).split())


def test_an_upgrade_keeps_passwords_and_starts_no_pod_again():
    def look() -> tuple[Any, ...]:
        pods = kubectl("-n", HOME, "get", "deployments", "-o", "jsonpath={.items[*].spec.template}")
        return keys_of(HOME, "plumbline-store-root"), pods

    before = look()
    upgrade()
    assert look() == before


def test_an_account_reads_its_own_bucket_and_the_operator_reads_all():
    with (
        namespace("one") as one,
        namespace("two") as two,
        worked_in(one, two),
        store_port() as port,
    ):
        keys = {ns: keys_of(ns) for ns in (one, two)}
        root = keys_of(HOME, "plumbline-store-root")
        mine = bucket(f"plumbline-{one}", keys[one], port)
        obstore.put(mine, "a/file", b"content")
        with pytest.raises(BaseError):
            obstore.get(bucket(f"plumbline-{one}", keys[two], port), "a/file")
        with pytest.raises(BaseError):
            obstore.put(bucket(f"plumbline-{one}", keys[two], port), "b", b"")
        with pytest.raises(BaseError):
            obstore.list(bucket(f"plumbline-{one}", keys[two], port)).collect()
        read = obstore.get(bucket(f"plumbline-{one}", root, port), "a/file").bytes()
        assert bytes(read) == b"content"


def test_a_namespace_that_is_named_gets_what_it_needs():
    with namespace("named") as ns:
        with worked_in(ns):
            policies = kubectl("-n", ns, "get", "networkpolicies", "-o", "name").split()
            assert len(policies) == 3
            settings = get(HOME, "configmap", "plumbline-settings")["data"]
            assert ns in settings["PLUMBLINE_NAMESPACES"].split(",")
        assert get(ns, "secret", "plumbline-store") == {}


@contextmanager
def uninstalled(folder: Path) -> Iterator[None]:
    """Uninstall the release for a while and bring it back with the values it had."""
    kept = folder / "values.json"
    kept.write_text(json.dumps(values()))
    helm("uninstall", "plumbline", "--namespace", HOME, "--wait", "--timeout", "120s")
    try:
        yield
    finally:
        helm("install", *RELEASE, "--values", str(kept))
        kubectl("-n", HOME, "rollout", "status", "deployment/plumbline-store", "--timeout=120s")


@contextmanager
def plain_manifests(images: dict[str, str]) -> Iterator[None]:
    """Install manifests/install.yaml, with the images of this cluster, for a while."""
    documents = yaml.safe_load_all((REPOSITORY / "manifests/install.yaml").read_text())
    everything = [json.loads(_with_images(json.dumps(obj), images)) for obj in documents if obj]
    # The CRDs are there, and whoever applies them owns them.
    objects = [obj for obj in everything if obj["kind"] != "CustomResourceDefinition"]
    listed = {"apiVersion": "v1", "kind": "List", "items": objects}
    words = ("apply", "--server-side", "--force-conflicts", "-f", "-")
    try:
        kubectl(*words, stdin=json.dumps(listed))
        yield
    finally:
        listed["items"] = [obj for obj in objects if obj["kind"] not in STAYS]
        kubectl("delete", "--ignore-not-found", "--wait", "-f", "-", stdin=json.dumps(listed))
        kubectl("-n", HOME, "delete", "secret", "plumbline-store-root", "--ignore-not-found")


def _with_images(text: str, images: dict[str, str]) -> str:
    for name, image in images.items():
        text = text.replace(name, image)
    return text


def test_an_upgrade_of_the_chart_upgrades_the_crds_and_keeps_the_objects(tmp_path):
    newer = shutil.copytree(PATH, tmp_path / "plumbline")
    crds = newer / "generated/crds.yaml"
    text = crds.read_text().replace(
        "description: Person or team that is responsible for the data.", "description: Newer."
    )
    crds.write_text(text)
    with namespace("crds") as ns:
        uid = apply(make("TrainingTemplate", ns))["metadata"]["uid"]
        try:
            upgraded = ("upgrade", "plumbline", str(newer), "--reuse-values", "--force-conflicts")
            helm(*upgraded, "--namespace", HOME)
            until(30, lambda: "Newer." in kubectl("explain", "dataset.spec.owner"))
            assert get(ns, "ttpl", "it")["metadata"]["uid"] == uid
        finally:
            upgrade()


def test_uninstalling_leaves_the_crds_and_the_volume_and_coming_back_finds_them(tmp_path):
    ns = values()["namespaces"][0]
    with store_port() as port:
        root = keys_of(HOME, "plumbline-store-root")
        obstore.put(bucket(f"plumbline-{ns}", root, port), "still-here", b"yes")
    with uninstalled(tmp_path):
        until(60, lambda: installed() == {"persistentvolumeclaim/plumbline-store"})
        for definition in crd.definitions():
            kubectl("get", "crd", definition["metadata"]["name"])
    with store_port() as port:
        again = bucket(f"plumbline-{ns}", keys_of(HOME, "plumbline-store-root"), port)
        assert bytes(obstore.get(again, "still-here").bytes()) == b"yes"
        obstore.delete(again, "still-here")


def test_plain_manifests_and_their_script_do_the_same_without_helm(tmp_path):
    images = _images()
    with namespace("plain") as ns, uninstalled(tmp_path), plain_manifests(images):
        store_accounts(ns)
        before = get(HOME, "deployment", "plumbline-store")["metadata"]["generation"]
        store_accounts(ns)
        assert get(HOME, "deployment", "plumbline-store")["metadata"]["generation"] == before
        kubectl("-n", HOME, "rollout", "status", "deployment/plumbline-store", "--timeout=120s")
        settings = get(HOME, "configmap", "plumbline-settings")["data"]
        assert settings["PLUMBLINE_NAMESPACES"] == ns
        with store_port() as port:
            mine = bucket(f"plumbline-{ns}", keys_of(ns), port)
            obstore.put(mine, "file", b"content")
            obstore.delete(mine, "file")


def store_accounts(namespace: str) -> None:
    """Run the script that stands in for what the chart does."""
    words = [str(REPOSITORY / "manifests/store-accounts"), namespace]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _images() -> dict[str, str]:
    """Return what the images of the plain manifests are called on this cluster."""
    names = {}
    for name in ("plumbline-operator", "plumbline-store"):
        wanted = named(render("store.existingSecret=x"), "Deployment", name)
        live = get(HOME, "deployment", name)
        pairs = zip(_containers(wanted), _containers(live), strict=True)
        names.update({a["image"]: b["image"] for a, b in pairs})
    return names


def _containers(deployment: dict[str, Any]) -> list[dict[str, Any]]:
    spec = deployment["spec"]["template"]["spec"]
    return [*spec.get("initContainers", ()), *spec["containers"]]

"""The API server takes the CRDs and reads them as meant."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from plumbline.plan.registry import KINDS

from hack.generate import crd
from hack.generate.__main__ import REPOSITORY
from tests.chart.kubectl import (
    Refused,
    apply,
    ensure_crds,
    get,
    kubectl,
    namespace,
    try_status,
    until,
)
from tests.chart.objects import SPECS, make

pytestmark = pytest.mark.cluster
DECLARED = {kind.resource.kind: kind for kind in KINDS}


@pytest.fixture(scope="module", autouse=True)
def _crds() -> None:
    ensure_crds()


@pytest.fixture(scope="module", name="ns")
def _ns():
    with namespace("crds") as name:
        yield name


@pytest.mark.parametrize("kind", sorted(SPECS))
def test_a_crd_is_structural_in_the_servers_eyes(kind):
    plural = next(d for d in crd.definitions() if d["spec"]["names"]["kind"] == kind)
    conditions = get("default", "crd", plural["metadata"]["name"])["status"]["conditions"]
    assert {"NonStructuralSchema"} & {c["type"] for c in conditions} == set()


@pytest.mark.parametrize("kind", sorted(SPECS))
def test_the_server_knows_every_field_that_the_models_have(kind):
    ours = next(d for d in crd.definitions() if d["spec"]["names"]["kind"] == kind)
    theirs = get("default", "crd", ours["metadata"]["name"])
    assert sorted(field_names(theirs)) == sorted(field_names(ours))


def field_names(node: Any, path: str = "") -> Iterator[str]:
    """Yield the path of every property of a schema."""
    if isinstance(node, list):
        for each in node:
            yield from field_names(each, path)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name == "properties":
                yield from (f"{path}.{field}" for field in value)
            yield from field_names(value, f"{path}.{name}")


@pytest.mark.parametrize("kind", sorted(SPECS))
def test_a_stored_object_reads_back_through_its_model(kind, ns):
    stored = apply(make(kind, ns, "round"))
    read = DECLARED[kind].model.model_validate(stored)
    assert DECLARED[kind].model.model_validate(make(kind, ns, "round")).spec == read.spec


@pytest.mark.parametrize("kind", sorted(SPECS))
def test_a_fresh_object_says_that_nobody_has_seen_it(kind, ns):
    assert apply(make(kind, ns, "fresh"))["status"] == {"observedGeneration": -1}


@pytest.mark.parametrize("kind", sorted(SPECS))
def test_the_whole_family_is_listed_by_its_category_and_short_names(kind, ns):
    apply(make(kind, ns, "listed"))
    names = kubectl("-n", ns, "get", "mlops", "-o", "name").split()
    short = kubectl("-n", ns, "get", DECLARED[kind].short_name, "listed", "-o", "name").strip()
    assert short in names


def test_status_and_spec_are_written_apart(ns):
    stored = apply(make("Dataset", ns, "apart"))
    both = stored | {"spec": {**stored["spec"], "owner": "me"}}
    tried = try_status(both, {"observedGeneration": 1, "revision": 4})
    assert (tried["status"]["revision"], "owner" in tried["spec"]) == (4, False)
    applied = apply(make("Dataset", ns, "apart") | {"status": {"revision": 9}})
    assert applied["status"].get("revision") != 9


def test_a_condition_type_occurs_once(ns):
    stored = apply(make("Dataset", ns, "once"))
    one = {"type": "Ready", "status": "True", "reason": "A", "message": ""}
    with pytest.raises(Refused, match="Duplicate value"):
        try_status(stored, {"observedGeneration": 1, "conditions": [one, one]})


def test_a_deployment_scales_by_kubectl(ns):
    apply(make("ModelDeployment", ns, "scaled"))
    kubectl("-n", ns, "scale", "mdep", "scaled", "--replicas=3")
    assert get(ns, "mdep", "scaled")["spec"]["replicas"] == 3


def of_another_group(definition: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a CRD that belongs to this test alone."""
    copied = copy.deepcopy(definition)
    group = copied["spec"]["group"] = "upgrade.plumbline.dev"
    copied["spec"]["names"].update(shortNames=[], categories=[])
    copied["metadata"]["name"] = f"{copied['spec']['names']['plural']}.{group}"
    return copied


def test_an_upgrade_is_a_server_side_apply_that_keeps_the_objects(ns):
    older = of_another_group(crd.definitions()[0])
    obj = make("Dataset", ns, "kept") | {"apiVersion": "upgrade.plumbline.dev/v1alpha1"}
    newer = copy.deepcopy(older)
    spec = newer["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"]["newer"] = {"type": "string", "maxLength": 5, "default": "yes"}
    try:
        apply(older)
        until(30, lambda: _applied(obj))
        apply(newer)
        assert until(30, lambda: _applied(obj)["spec"].get("newer")) == "yes"
    finally:
        kubectl("delete", "crd", older["metadata"]["name"])


def _applied(obj: dict[str, Any]) -> dict[str, Any]:
    """Return the stored object, or an empty one while its kind is not served yet."""
    try:
        return apply(obj)
    except Refused:
        return {}


@pytest.mark.parametrize(
    "path", sorted((REPOSITORY / "manifests/examples").glob("*.yaml")), ids=lambda p: p.stem
)
def test_every_example_is_accepted_with_no_unknown_field(path, ns):
    for obj in filter(None, yaml.safe_load_all(path.read_text())):
        words = ("apply", "--server-side", "--validate=strict", "--dry-run=server", "-f", "-")
        kubectl("-n", ns, *words, stdin=json.dumps(obj))

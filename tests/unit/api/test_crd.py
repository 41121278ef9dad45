"""The CRDs keep the API conventions, without a cluster."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from plumbline.api.v1alpha1.dataset import DataSource
from pydantic import ValidationError

from hack.generate import crd
from hack.generate.files import to_yaml

DEFINITIONS = {d["spec"]["names"]["kind"]: d for d in crd.definitions()}
KINDS = sorted(DEFINITIONS)
SIZE_LIMIT = 200_000
FREE_FORM = {"x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields"}
NOT_STRUCTURAL = {"$ref", "anyOf", "oneOf", "allOf", "not", "title", "const"}


def version_of(kind: str) -> dict[str, Any]:
    return DEFINITIONS[kind]["spec"]["versions"][0]


def schema_of(kind: str) -> dict[str, Any]:
    return version_of(kind)["schema"]["openAPIV3Schema"]


def nodes(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each part of a schema with its path."""
    yield path, schema
    for name, part in schema.get("properties", {}).items():
        yield from nodes(part, f"{path}.{name}")
    for key, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(schema.get(key), dict):
            yield from nodes(schema[key], path + mark)


def every_node() -> Iterator[tuple[str, dict[str, Any]]]:
    for kind in KINDS:
        yield from nodes(schema_of(kind), kind)


def own_nodes() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what is in spec and status."""
    return (
        (path, node)
        for path, node in every_node()
        if path.split(".")[1:2] in (["spec"], ["status"])
    )


def test_the_schema_is_structural():
    wrong = [path for path, node in every_node() if NOT_STRUCTURAL & node.keys()]
    untyped = [p for p, node in every_node() if "type" not in node and not FREE_FORM & node.keys()]
    nullable = [p for p, node in every_node() if "nullable" in node and "type" in node]
    assert wrong + untyped + nullable == []


def test_properties_and_additional_properties_exclude_each_other():
    both = [p for p, n in every_node() if "properties" in n and "additionalProperties" in n]
    assert both == []


def test_every_field_says_what_it_is():
    fields = [
        f"{path}.{name}"
        for path, node in own_nodes()
        for name, part in node.get("properties", {}).items()
        if not part.get("description") and not path.endswith("env[]")
    ]
    assert fields == []


def test_descriptions_are_sentences():
    assert [p for p, n in own_nodes() if "description" in n and n["description"][-1] != "."] == []


def test_every_string_is_bounded():
    open_ = [
        path
        for path, node in own_nodes()
        if node.get("type") == "string" and not node.keys() & {"maxLength", "enum", "format"}
    ]
    assert open_ == []


def test_every_list_and_map_is_bounded():
    lists = [p for p, n in own_nodes() if n.get("type") == "array" and "maxItems" not in n]
    maps = [p for p, n in own_nodes() if "additionalProperties" in n and "maxProperties" not in n]
    assert lists + maps == []


def test_every_list_says_how_it_merges():
    silent = [
        path
        for path, node in own_nodes()
        if node.get("type") == "array" and "x-kubernetes-list-type" not in node
    ]
    assert silent == []


def test_the_keys_of_a_map_list_are_required():
    maps = [(p, n) for p, n in own_nodes() if "x-kubernetes-list-map-keys" in n]
    assert maps
    for path, node in maps:
        assert {*node["x-kubernetes-list-map-keys"]} <= {*node["items"]["required"]}, path


def test_integers_are_64_bits_wide():
    assert {n["format"] for _, n in own_nodes() if n.get("type") == "integer"} == {"int64"}


def test_no_time_is_so_long_that_no_clock_can_tell_its_end():
    found = {p: n for p, n in own_nodes() if re.search(r"^\w+\.spec.*\.\w*[sS]econds\w*$", p)}
    ours = {p: n for p, n in found.items() if not p.endswith(".tolerationSeconds")}
    assert len(ours) >= 5
    assert {p: n["maximum"] for p, n in ours.items()} == dict.fromkeys(ours, 2**31 - 1)
    assert next(n for p, n in ours.items() if "progressDeadline" in p)["minimum"] == 10


@pytest.mark.parametrize(
    ("key", "is_one"),
    [("flights.csv", True), ("a_B-1", True), ("../proc/self/environ", False), ("a/b", False)],
)
def test_the_key_of_a_source_cannot_lead_out_of_its_config_map(key, is_one):
    source = schema_of("Dataset")["properties"]["spec"]["properties"]["source"]
    pattern = source["properties"]["configMap"]["properties"]["key"]["pattern"]
    assert bool(re.search(pattern, key)) == is_one


@pytest.mark.parametrize("space", [" ", "\t", "\v", "\x85", "\u00a0", "\u2003", "\u3000"])
def test_no_address_passes_the_server_and_fails_to_be_read(space):
    with pytest.raises(ValidationError):
        DataSource(uri=f"s3://bucket/a{space}b.csv")
    assert DataSource(uri="https://host/fl\u00fcge/*.csv").uri


def test_there_is_no_phase():
    assert [p for p, _ in own_nodes() if p.endswith(".phase")] == []


def test_every_rule_has_a_message():
    rules = [r for _, n in every_node() for r in n.get("x-kubernetes-validations", ())]
    assert rules
    assert [rule for rule in rules if not rule["message"]] == []


def test_defaults_fit_their_own_schema():
    given = [(path, node) for path, node in own_nodes() if "default" in node]
    of_objects = [(p, n) for p, n in given if isinstance(n["default"], dict)]
    of_words = [(p, n) for p, n in given if "enum" in n]
    assert of_objects
    assert of_words
    for path, node in of_objects:
        assert node["default"].keys() <= node["properties"].keys(), path
    assert [path for path, node in of_words if node["default"] not in node["enum"]] == []


def test_conditions_are_those_of_every_kubernetes_api():
    for kind in KINDS:
        conditions = schema_of(kind)["properties"]["status"]["properties"]["conditions"]
        assert conditions["x-kubernetes-list-map-keys"] == ["type"]
        fields = {"type", "status", "reason", "message", "lastTransitionTime", "observedGeneration"}
        assert conditions["items"]["properties"].keys() == fields


@pytest.mark.parametrize("kind", KINDS)
def test_a_status_says_not_seen_yet_and_nothing_else_by_default(kind):
    status = schema_of(kind)["properties"]["status"]
    assert status["default"] == {"observedGeneration": -1}
    assert [p for p, n in nodes(status) if p and "default" in n] == []
    assert version_of(kind)["subresources"]["status"] == {}


def test_a_deployment_scales():
    assert version_of("ModelDeployment")["subresources"]["scale"] == {
        "specReplicasPath": ".spec.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_printer_columns_point_at_fields(kind):
    columns = version_of(kind)["additionalPrinterColumns"]
    assert "Age" in [column["name"] for column in columns]
    for column in columns:
        path = column["jsonPath"].split("[")[0].strip(".").split(".")
        node = schema_of(kind)
        for name in [] if path[0] == "metadata" else path:
            node = node["properties"][name]


@pytest.mark.parametrize("kind", KINDS)
def test_a_crd_stays_small(kind):
    assert len(to_yaml(DEFINITIONS[kind])) < SIZE_LIMIT


def test_names_and_categories_are_short_and_unique():
    names = [d["spec"]["names"] for d in DEFINITIONS.values()]
    assert all(n["categories"] == ["mlops"] for n in names)
    assert len({short for n in names for short in n["shortNames"]}) == len(names)


def test_yaml_reads_back_as_it_was():
    for definition in DEFINITIONS.values():
        assert yaml.safe_load(to_yaml(definition)) == definition


@pytest.mark.parametrize("name", ["n", "N", "y", "Y", "no", "yes", "on", "off"])
def test_no_field_name_is_read_as_a_boolean_by_kubectl(name):
    assert to_yaml({name: 1}) == f"'{name}': 1\n"

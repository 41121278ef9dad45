"""Bad data and bad sources: each ends in a condition that says what and where, and recovers."""

import copy
import time
from collections.abc import Iterator

import obstore
import pytest
from obstore.store import S3Store

from tests.e2e import cluster, objects
from tests.e2e.cluster import Object, is_ready, kubectl, message, refusal, says, until
from tests.e2e.conftest import Names

pytestmark = pytest.mark.cluster


def refresh(name: str) -> None:
    """Ask for the source to be read again."""
    mark = f"plumbline.dev/refresh={time.time()}"
    kubectl("annotate", "dataset", name, mark, "--overwrite")


def test_i_misspelt_a_column_type() -> None:
    spoilt = copy.deepcopy(objects.dataset("spoilt", objects.in_config_map("spoilt")))
    spoilt["spec"]["schema"]["columns"][0]["type"] = "float"
    told = refusal(spoilt)
    assert "spec.schema.columns[0].type" in told
    assert '"number"' in told


def test_i_named_a_target_that_is_no_column() -> None:
    question = {"task": "Classification", "target": "failed"}
    spoilt = objects.dataset("spoilt", objects.in_config_map("spoilt"), question=question)
    assert "question.target must be a column of the schema" in refusal(spoilt)


def test_my_file_has_a_torn_line_and_then_i_fix_it(names: Names) -> None:
    name, text = names.new("torn"), objects.csv(rows=200)
    lines = text.splitlines()
    torn = "\n".join([*lines[:100], "12.5,0.1", *lines[100:]])
    source = objects.in_config_map(name)
    names.apply(objects.config_map(name, torn), objects.dataset(name, source))
    told = message(until("dataset", name, says("RulesFailed")), "RulesFailed")
    assert f"Line 101 of configMap://{name}/data.csv has 2 fields" in told
    assert "the header has 4" in told
    names.apply(objects.config_map(name, text))
    refresh(name)
    until("dataset", name, is_ready)


def test_my_files_have_not_arrived_yet(names: Names, raw: S3Store) -> None:
    name = names.new("late")
    secret = {
        **cluster.credentials(),
        "AWS_ENDPOINT_URL": cluster.STORE,
        "AWS_REGION": "us-east-1",
    }
    source = {"uri": f"s3://{cluster.BUCKET}/{name}/*.csv", "secretRef": {"name": name}}
    names.apply(objects.secret(name, secret), objects.dataset(name, source))
    told = message(until("dataset", name, says("SourceNotFound")), "SourceNotFound")
    assert f"s3://{cluster.BUCKET}/{name}/*.csv" in told
    obstore.put(raw, f"{name}/one.csv", objects.csv(rows=200).encode())
    refresh(name)
    found = until("dataset", name, is_ready)
    assert found["status"]["rows"] == 200


def test_my_source_credentials_are_wrong(names: Names, raw: S3Store) -> None:
    name = names.new("locked")
    right = {
        **cluster.credentials(),
        "AWS_ENDPOINT_URL": cluster.STORE,
        "AWS_REGION": "us-east-1",
    }
    wrong = {**right, "AWS_SECRET_ACCESS_KEY": "not-the-one"}
    obstore.put(raw, f"{name}/one.csv", objects.csv(rows=200).encode())
    source = {"uri": f"s3://{cluster.BUCKET}/{name}/*.csv", "secretRef": {"name": name}}
    names.apply(objects.secret(name, wrong), objects.dataset(name, source))
    told = message(until("dataset", name, says("SourceForbidden")), "SourceForbidden")
    assert cluster.BUCKET in told
    assert "Check the access key" in told
    assert "not-the-one" not in told
    names.apply(objects.secret(name, right))
    refresh(name)
    until("dataset", name, is_ready)


@pytest.fixture
def bare(names: Names) -> Iterator[str]:
    """Return a namespace that has no credentials."""
    name = names.new("plumbline-bare")
    kubectl("create", "namespace", name)
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


def test_my_namespace_was_never_given_credentials(bare: str) -> None:
    manifest: Object = objects.dataset("here", objects.in_config_map("here"))
    manifest["metadata"]["namespace"] = bare
    cluster.apply_in(bare, manifest)
    reason = "StoreCredentialsMissing"
    told = message(until("dataset", "here", says(reason), namespace=bare), reason)
    assert "helm upgrade plumbline" in told
    assert bare in told

"""The source is where users err most: each mistake must say what, where and what to do."""

from pathlib import Path
from socket import gethostname

import pytest
from plumbline.jobs.data import globs
from plumbline.jobs.data.bucket_source import BucketSource
from plumbline.jobs.failures import JobFailed
from polars.exceptions import PanicException

from tests.unit.jobs.pods import Pods

SCHEMA = {"columns": [{"name": "a", "type": "integer"}]}


def test_a_glob_that_matches_nothing(pod: Pods) -> None:
    pod.upload("other.txt", "a\n1\n")
    ended, _ = pod.profile(SCHEMA)
    assert (ended.code, ended.reason) == (64, "SourceNotFound")
    assert "s3://raw/*.csv matches no file" in ended.message


def test_a_bucket_that_does_not_exist(pod: Pods) -> None:
    ended, _ = pod.profile(SCHEMA, source={"uri": "s3://nowhere/a.csv"})
    assert (ended.code, ended.reason) == (64, "SourceNotFound")
    ended, _ = pod.profile(SCHEMA, source={"uri": "s3://nowhere/*.csv"})
    assert (ended.code, ended.reason) == (64, "SourceNotFound")


@pytest.mark.parametrize("path", ["", "/", "/a//1.csv", "/a/../b.csv", "/a/./b.csv", "/a/"])
def test_an_address_in_a_bucket_that_names_no_file(pod: Pods, path: str) -> None:
    pod.upload("a.csv", "a\n1\n")
    ended, _ = pod.profile(SCHEMA, source={"uri": f"s3://raw{path}"})
    assert (ended.code, ended.reason) == (64, "SourceInvalid")
    assert f"s3://raw{path} does not name a file" in ended.message


def test_marks_of_folders_are_no_files_and_empty_files_are(pod: Pods) -> None:
    for name, content in {"a/": "", "a/b/": "", "a/1": "a\n1\n", "a/2": ""}.items():
        pod.upload(name, content)
    for glob in ("a/*", "a/**"):
        _, manifest = pod.profile(SCHEMA, source={"uri": f"s3://raw/{glob}"})
        assert [part["source"] for part in manifest["parts"]] == ["s3://raw/a/1", "s3://raw/a/2"]
        assert [violation["rule"] for violation in manifest["violations"]] == ["SourceEmpty"]


def test_a_folder_instead_of_files_says_how_to_name_its_files(pod: Pods) -> None:
    pod.upload("year/1.csv", "a\n1\n")
    ended, _ = pod.profile(SCHEMA, source={"uri": "s3://raw/year"})
    assert (ended.code, ended.reason) == (64, "SourceNotFound")
    assert "s3://raw/year/*.csv" in ended.message


@pytest.mark.parametrize(
    "name", ["1 2.csv", "größe.csv", "a+b.csv", "a&b=c.csv", "[x].csv", "a#.csv"]
)
def test_a_file_may_be_called_anything(pod: Pods, name: str) -> None:
    pod.upload(f"deep/er/{name}", "a\n1\n")
    ended, manifest = pod.profile(SCHEMA, source={"uri": "s3://raw/**/*.csv"})
    assert ended.words["verdict"] == "Valid"
    assert manifest["parts"][0]["source"] == f"s3://raw/deep/er/{name}"


def test_a_file_that_changes_between_list_and_read_is_tried_again(
    pod: Pods, tmp_path: Path
) -> None:
    """Its old version with the new rows would be taken for unchanged when it changes back."""
    pod.upload("1.csv", "a\n1\n")
    source = BucketSource("s3://raw/*.csv", pod.world.environment())
    (part,) = source.files()
    pod.upload("1.csv", "a\n2\n")
    with pytest.raises(JobFailed, match="changed while it was read") as raised:
        source.fetch(part, tmp_path / "file")
    assert (raised.value.reason, raised.value.retry) == ("SourceChanged", True)
    pod.upload("1.csv", "a\n1\n")
    source.fetch(part, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "a\n1\n"


def test_wrong_credentials_for_the_source_are_not_those_of_the_store(pod: Pods) -> None:
    pod.upload("a.csv", "a\n1\n")
    pod.patch.setenv("SOURCE_AWS_ENDPOINT_URL", pod.world.url)
    pod.patch.setenv("SOURCE_AWS_ACCESS_KEY_ID", "mallory")
    pod.patch.setenv("SOURCE_AWS_SECRET_ACCESS_KEY", "top-secret")
    source = {"uri": "s3://raw/a.csv", "secretRef": {"name": "mine"}}
    ended, _ = pod.profile(SCHEMA, source=source)
    assert (ended.code, ended.reason) == (64, "SourceForbidden")
    assert "top-secret" not in ended.message


def test_a_source_with_credentials_of_its_own(pod: Pods) -> None:
    pod.upload("a.csv", "a\n1\n")
    for name, value in pod.world.environment().items():
        pod.patch.setenv(f"SOURCE_{name}", value)
    source = {"uri": "s3://raw/a.csv", "secretRef": {"name": "mine"}}
    ended, manifest = pod.profile(SCHEMA, source=source)
    assert ended.words["verdict"] == "Valid"
    assert manifest["rows"] == 1


def test_a_store_without_credentials(pod: Pods) -> None:
    pod.patch.delenv("AWS_SECRET_ACCESS_KEY")
    ended, _ = pod.profile(SCHEMA)
    assert (ended.code, ended.reason) == (64, "CredentialsRefused")


def test_a_source_that_does_not_answer_is_tried_again(pod: Pods) -> None:
    pod.patch.setenv("SOURCE_AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    pod.patch.setenv("SOURCE_AWS_ACCESS_KEY_ID", "a")
    pod.patch.setenv("SOURCE_AWS_SECRET_ACCESS_KEY", "b")
    source = {"uri": "s3://raw/a.csv", "secretRef": {"name": "mine"}}
    ended, _ = pod.profile(SCHEMA, source=source)
    assert (ended.code, ended.reason) == (75, "SourceUnreachable")


def test_http_that_does_not_answer_is_tried_again(pod: Pods) -> None:
    ended, _ = pod.profile(SCHEMA, source={"uri": "http://127.0.0.1:9/a.csv?token=secret"})
    assert (ended.code, ended.reason) == (75, "SourceUnreachable")
    assert "secret" not in ended.message


def test_http_refusals_have_their_own_reasons(pod: Pods) -> None:
    ended, _ = pod.profile(SCHEMA, source={"uri": f"{pod.world.url}/raw/a.csv"})
    assert (ended.code, ended.reason) == (64, "SourceForbidden")


def test_a_config_map_is_read_and_a_missing_key_is_said(pod: Pods) -> None:
    source = {"configMap": {"name": "small", "key": "rows.csv"}}
    ended, _ = pod.profile(SCHEMA, source=source)
    assert (ended.code, ended.reason) == (64, "SourceNotFound")
    assert "ConfigMap small has no key rows.csv" in ended.message
    pod.path("/source").mkdir()
    pod.path("/source/rows.csv").write_text("a\n1\n2\n")
    ended, manifest = pod.profile(SCHEMA, source=source)
    assert manifest["rows"] == 2
    assert manifest["parts"][0]["source"] == "configMap://small/rows.csv"


def test_an_unknown_column_type_is_no_task(pod: Pods) -> None:
    ended, _ = pod.profile({"columns": [{"name": "a", "type": "colour"}]})
    assert (ended.code, ended.reason) == (64, "TaskInvalid")
    assert "schema.columns.0.type" in ended.message


def test_an_unchanged_file_is_not_fetched_again(pod: Pods) -> None:
    pod.upload("1.csv", "a\n1\n2\n")
    ended, before = pod.profile(SCHEMA)
    pod.upload("2.csv", "a\n3\n")
    pod.world.gets.clear()
    _, after = pod.profile(SCHEMA, previous=ended.words["digest"])
    assert "1.csv" not in pod.world.gets
    assert "2.csv" in pod.world.gets
    assert after["parts"][0] == before["parts"][0]
    assert after["rows"] == 3


def test_a_schema_that_becomes_strict_judges_unchanged_files_too(pod: Pods) -> None:
    pod.upload("1.csv", "a,b\n1,2\n")
    ended, _ = pod.profile(SCHEMA)
    _, after = pod.profile({**SCHEMA, "strict": True}, previous=ended.words["digest"])
    assert [(v["rule"], v["column"]) for v in after["violations"]] == [("ColumnUnexpected", "b")]


def test_a_kept_part_that_was_damaged_is_fetched_again(pod: Pods) -> None:
    pod.upload("1.csv", "a\n1\n2\n")
    ended, manifest = pod.profile(SCHEMA)
    name = manifest["parts"][0]["blob"].removeprefix("sha256:")
    pod.world.buckets["plumbline-team"][f"blobs/sha256/{name[:2]}/{name}"] = b"rot"
    _, after = pod.profile(SCHEMA, previous=ended.words["digest"])
    assert after["digest"] == manifest["digest"]


@pytest.mark.parametrize(
    ("glob", "name", "matches"),
    [
        ("a/*.csv", "a/x.csv", True),
        ("a/*.csv", "a/b/x.csv", False),
        ("a/**/*.csv", "a/b/c/x.csv", True),
        ("a/**/*.csv", "a/x.csv", True),
        ("**", "a/b", True),
        ("a/?.csv", "a/12.csv", False),
        ("a/[x].csv", "a/[x].csv", True),
        ("a/*.csv", "a/x.csv.gz", False),
        ("t/**", "t/_SUCCESS", False),
        ("t/**", "t/._SUCCESS.crc", False),
        ("t/**", "t/day=1/.part-0.parquet.crc", False),
        ("t/**", "t/_temporary/0/part-0.parquet", False),
        ("t/**/*.parquet", "t/_delta_log/1.checkpoint.parquet", False),
        ("t/*", "t/_committed_123", False),
        ("*.csv", ".x.csv", False),
        ("t/?SUCCESS", "t/_SUCCESS", False),
        ("t/**", "t/_day=1/part_0.parquet", True),
        ("t/**/*", "t/a_b/x._y", True),
        ("t/x*", "t/x_y", True),
        ("t/_*.csv", "t/_x.csv", True),
        ("_raw/*.csv", "_raw/x.csv", True),
    ],
)
def test_globs_match_as_in_a_shell(glob: str, name: str, matches: bool) -> None:
    assert bool(globs.matcher(glob).match(name)) is matches


def test_only_the_folder_above_the_wildcard_is_listed() -> None:
    assert globs.folder_of("a/b/2013-*.csv") == "a/b"
    assert globs.folder_of("*.csv") == ""


def test_the_operator_can_find_the_result_of_a_pod_that_vanished(pod: Pods, tmp_path: Path) -> None:
    pod.patch.setenv("PLUMBLINE_JOB_UID", "job-1")
    pod.upload("1.csv", "a\n1\n")
    ended, _ = pod.profile(SCHEMA)
    assert pod.store.get_pointer("job-1") == ended.words["digest"]


def test_a_mistake_of_ours_still_leaves_last_words(pod: Pods) -> None:
    pod.run("fetch-training", {})
    pod.path("/etc/plumbline/task.json").write_text("[]")
    assert pod.run("fetch-training").reason == "TaskInvalid"
    pod.path("/data").mkdir()
    pod.path("/data/task.json").write_text('{"task": "Regression", "target": "x", "features": []}')
    ended = pod.run("train")
    assert (ended.code, ended.reason) == (1, "StepBroken")
    assert ended.message.startswith("Step train failed with an unexpected error, and its Job tries")
    assert f"kubectl logs {gethostname()} --all-containers" in ended.message


def test_a_panic_that_is_no_exception_still_leaves_last_words(pod: Pods) -> None:
    def panic(*_: object) -> None:
        raise PanicException("index out of bounds")

    pod.upload("1.csv", "a\n1\n")
    pod.patch.setattr("plumbline.jobs.profiling.profile.rows_digest", panic)
    ended, _ = pod.profile(SCHEMA)
    assert (ended.code, ended.reason) == (1, "StepBroken")


def test_no_store_is_not_tried_again(pod: Pods) -> None:
    pod.patch.delenv("PLUMBLINE_STORE_URL")
    ended = pod.run("profile", {})
    assert (ended.code, ended.reason) == (64, "StoreFailed")

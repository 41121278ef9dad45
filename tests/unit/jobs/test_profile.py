"""Broken data must never become a revision, and good data must never be called broken."""

from typing import Any

import polars as pl
import pytest

from tests.unit.jobs.pods import Pods


def schema(*columns: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"columns": list(columns), **more}


def column(name: str = "a", kind: str = "integer", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


def broken(manifest: dict[str, Any]) -> list[tuple[str, int, list[int]]]:
    return [(each["rule"], each["count"], each["rows"]) for each in manifest["violations"]]


CASES: dict[str, tuple[dict[str, Any], str, list[tuple[str, int, list[int]]]]] = {
    "good rows": (schema(column()), "a\n1\n2\n", []),
    "whole numbers that a tool wrote as floats": (schema(column()), "a\n1.0\n2\n", []),
    "text in a number": (schema(column()), "a\n1\nx\n2.5\n", [("Type", 2, [2, 3])]),
    "infinity is no value": (
        schema(column(kind="number")),
        "a\ninf\n1e5\n",
        [("Type", 1, [1])],
    ),
    "a gap where none is allowed": (
        schema(column(), column("b")),
        "a,b\n1,1\n,2\n",
        [("Null", 1, [2])],
    ),
    "a gap where one is allowed": (
        schema(column(nullable=True), column("b")),
        "a,b\n1,1\nNA,2\n,3\n",
        [],
    ),
    "NA is a country in a text column": (schema(column(kind="string")), "a\nNA\nDE\n", []),
    "a value below the minimum": (schema(column(min=0)), "a\n-1\n0\n-999\n", [("Min", 2, [1, 3])]),
    "a value above the maximum": (schema(column(max=5)), "a\n5\n6\n", [("Max", 1, [2])]),
    "a value outside of the list": (
        schema(column(kind="string", values=["x", "y"])),
        "a\nx\nz\n",
        [("Values", 1, [2])],
    ),
    "a value against the pattern": (
        schema(column(kind="string", pattern="[A-Z]{2}")),
        "a\nAB\nABC\n",
        [("Pattern", 1, [2])],
    ),
    "a pattern of any alphabet": (
        schema(column(kind="string", pattern=r"\w+\s\d")),
        "a\nÉté 7\nÉté-7\n",
        [("Pattern", 1, [2])],
    ),
    "a value that must be unique": (
        schema(column(unique=True)),
        "a\n1\n1\n2\n1\n",
        [("Unique", 2, [2, 4])],
    ),
    "a key that another row has": (
        schema(column(), column("b"), primaryKey=["a", "b"]),
        "a,b\n1,1\n1,2\n1,1\n",
        [("PrimaryKey", 1, [3])],
    ),
    "booleans in their usual spellings": (
        schema(column(kind="boolean")),
        "a\ntrue\nFalse\n1\n0\n",
        [],
    ),
    "no boolean": (
        schema(column(kind="boolean")),
        "a\ntrue\nmaybe\n",
        [("Type", 1, [2])],
    ),
    "times in ISO 8601": (
        schema(column(kind="timestamp")),
        "a\n2013-01-01T10:00:00Z\n2013-01-01 10:00\n2013-01-01\n2013-01-01T10:00:00.5+02:00\n",
        [],
    ),
    "no time": (
        schema(column(kind="timestamp")),
        "a\n2013-13-01\n",
        [("Type", 1, [1])],
    ),
    "an extra column when strict": (
        schema(column(), strict=True),
        "a,b\n1,2\n",
        [("ColumnUnexpected", 1, [])],
    ),
    "an extra column when not strict": (schema(column()), "a,b\n1,2\n", []),
    "a column that is not there": (schema(column("b")), "a\n1\n", [("ColumnMissing", 1, [])]),
    "a header without rows": (schema(column()), "a\n", [("MinRows", 0, [])]),
    "an empty file": (schema(column()), "", [("SourceEmpty", 0, [])]),
    "a line with too few fields": (schema(column()), "a,b\n1,2\n3\n4,5\n", [("TornLine", 1, [3])]),
    "a line with too many fields": (schema(column()), "a,b\n1,2\n3,4,5\n", [("TornLine", 1, [3])]),
    "a quote that never ends": (schema(column()), 'a,b\n1,2\n3,"x\n4,5\n', [("TornLine", 1, [3])]),
    "a line break inside of quotes": (
        schema(column(), column("b", "string")),
        'a,b\n1,"x\ny"\n2,z\n',
        [],
    ),
    "lines that end as on Windows": (schema(column()), "a,b\r\n1,2\r\n3,4\r\n", []),
    "a byte order mark": (schema(column()), "\ufeffa,b\n1,2\n", []),
}


@pytest.mark.parametrize("case", CASES)
def test_rules(pod: Pods, case: str) -> None:
    rules, text, expected = CASES[case]
    pod.upload("rows.csv", text)
    ended, manifest = pod.profile(rules)
    assert ended.code == 0
    assert broken(manifest) == expected
    assert ended.words["verdict"] == ("Invalid" if expected else "Valid")


def test_row_numbers_go_on_over_the_files_and_only_ten_are_kept(pod: Pods) -> None:
    pod.upload("1.csv", "a\n1\n2\n")
    pod.upload("2.csv", "a\n3\n" + "x\n" * 20)
    ended, manifest = pod.profile(schema(column()))
    assert broken(manifest) == [("Type", 20, list(range(4, 14)))]
    assert ended.reason == "Type"
    assert ended.message == (
        "Column a has 20 values of another type than integer (rows 4, 5, 6, ...). "
        "Fix the data, or the column's type."
    )


SAID = {
    "one value": (
        schema(column(min=0)),
        "a\n1\n-3\n",
        "Column a has 1 value below the minimum 0, such as -3 (row 2). "
        "Fix the data, or min of the column.",
    ),
    "values of a list": (
        schema(column(kind="string", values=["x", "y"])),
        "a\nz\nx\nw\n",
        "Column a has 2 values outside its allowed values (x, y), such as 'z' (rows 1, 3). "
        "Fix the data, or values of the column.",
    ),
    "a gap": (
        schema(column(), column("b")),
        "a,b\n,1\n2,2\n",
        "Column a has 1 missing value (row 1). "
        "Fix the data, or set nullable of the column to true.",
    ),
    "a key": (
        schema(column(nullable=True), column("b"), primaryKey=["a", "b"]),
        "a,b\n1,1\n1,1\n,3\n",
        "The primary key (a, b) has 1 duplicate and 1 incomplete row (rows 2, 3). "
        "Fix these rows, or spec.schema.primaryKey.",
    ),
}


@pytest.mark.parametrize("case", SAID)
def test_a_broken_rule_says_how_many_values_where_and_what_to_do(pod: Pods, case: str) -> None:
    rules, text, message = SAID[case]
    pod.upload("rows.csv", text)
    assert pod.profile(rules)[0].message == message


def test_a_torn_line_names_the_file_and_the_line(pod: Pods) -> None:
    pod.upload("1.csv", "a,b\n1,2\n")
    pod.upload("2.csv", "a,b\n1,2\n3\n4,5\n6")
    ended, manifest = pod.profile(schema(column()))
    assert ended.reason == "TornLine"
    assert (
        "Line 3 of s3://raw/2.csv has 1 field, the header has 2 (and 1 more line)." in ended.message
    )
    assert manifest["parts"][0].get("blob") is None


def test_what_is_wrong_with_many_files_alike_is_said_once(pod: Pods) -> None:
    for number in range(30):
        pod.upload(f"{number:02}.csv", "a;b\n1;2\n" if number else "a,b\n1\n")
    ended, manifest = pod.profile(schema(column(), column("b")))
    assert broken(manifest) == [
        ("TornLine", 1, [2]),
        ("ColumnMissing", 29, []),
        ("ColumnMissing", 29, []),
    ]
    assert "s3://raw/01.csv has no column a." in manifest["violations"][1]["message"]
    assert manifest["violations"][1]["message"].endswith("28 more files have the same problem.")
    assert "2 more rules failed" in ended.message


def test_expectations_of_the_whole_set(pod: Pods) -> None:
    pod.upload("1.csv", "a,b\n1,\n1,\n2,5\n3,\n")
    rules = schema(column(), column("b", nullable=True))
    wanted = {"minRows": 5, "maxNullShare": 0.5, "maxDuplicateShare": 0.2}
    ended, manifest = pod.profile(rules, expectations=wanted)
    assert [each["rule"] for each in manifest["violations"]] == [
        "MinRows", "MaxDuplicateShare", "MaxNullShare",
    ]  # fmt: skip
    assert ended.reason == "MinRows"
    assert "2 more rules failed" in ended.message


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a,late\n1,0\n2,\n", "TargetMissing"),
        ("a\n1\n2\n", "TargetMissing"),
        ("a,late\n1,1\n2,1\n", "TargetConstant"),
    ],
)
def test_a_target_that_cannot_be_learnt(pod: Pods, text: str, rule: str) -> None:
    pod.upload("1.csv", text)
    ended, manifest = pod.profile(
        schema(column(), column("late", "boolean")),
        question={"task": "Classification", "target": "late"},
    )
    assert [each["rule"] for each in manifest["violations"]] == [rule]
    assert ended.reason == rule


def test_personal_values_are_shown_nowhere(pod: Pods) -> None:
    rows = "name,age\n" + "".join(f"Carol-{n},{n % 90}\n" for n in range(50)) + "Carol-x,712345\n"
    pod.upload("1.csv", rows)
    rules = schema(
        column("name", "string", personal=True, pattern="[A-Za-z]+-[0-9]+"),
        column("age", personal=True, max=120),
    )
    ended, manifest = pod.profile(rules)
    text = str({**manifest, "schema": None}) + str(ended.words)
    assert [each["rule"] for each in manifest["violations"]] == ["Pattern", "Max"]
    assert "Carol" not in text
    assert "712345" not in text
    assert set(manifest["columns"][1]) == {"name", "type", "nulls", "distinct"}


@pytest.mark.parametrize("text", ["Ann-1,Bob-2\nCy-3,Di-4\n", "Ann-1,Ann-1\n", "Ann-1;Bob-2\n"])
def test_personal_values_are_not_shown_as_names_of_columns(pod: Pods, text: str) -> None:
    pod.upload("rows.csv", text)
    names = [column(name, "string", personal=True) for name in ("one", "two")]
    ended, manifest = pod.profile(schema(*names, strict=True))
    assert "Ann" not in str(manifest) + str(ended.words)
    assert [violation["column"] for violation in manifest["violations"]] == ["one", "two"]
    assert "is a header missing?" in ended.message
    assert ("Use commas" in ended.message) is (";" in text)


def test_a_parquet_file_is_read_by_its_own_types(pod: Pods) -> None:
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None], "c": [1.5, float("nan")]})
    pod.upload("1.parquet", frame.with_columns(pl.col("b").cast(pl.Categorical)))
    rules = schema(
        column(), column("b", "string", nullable=True), column("c", "number", nullable=True)
    )
    source = {"uri": "s3://raw/*.parquet"}
    _, manifest = pod.profile(rules, source=source, format="parquet")
    assert manifest["verdict"] == "Valid"
    assert [each["nulls"] for each in manifest["columns"]] == [0, 1, 1]


def test_a_file_of_another_format_is_said(pod: Pods) -> None:
    pod.upload("1.parquet", "a\n1\n")
    source = {"uri": "s3://raw/*.parquet"}
    ended, _ = pod.profile(schema(column()), source=source, format="parquet")
    assert (ended.code, ended.reason) == (64, "SourceUnreadable")
    assert "s3://raw/1.parquet cannot be read as parquet" in ended.message


def test_a_holdout_column_that_is_not_declared(pod: Pods) -> None:
    pod.upload("1.csv", "a,late\n1,0\n2,1\n")
    question = {
        "task": "Classification", "target": "late", "holdout": {"by": "Group", "column": "day"}
    }  # fmt: skip
    ended, _ = pod.profile(schema(column(), column("late", "boolean")), question=question)
    assert (ended.code, ended.reason) == (64, "SpecInvalid")


def test_a_column_without_any_value_is_allowed_where_gaps_are(pod: Pods) -> None:
    pod.upload("1.csv", "a,b\n1,\n2,\n")
    _, manifest = pod.profile(schema(column(), column("b", "number", nullable=True)))
    assert manifest["verdict"] == "Valid"
    assert manifest["columns"][1] == {"name": "b", "type": "number", "nulls": 2, "distinct": 0}


PATTERNS = {
    r"\p{L}+": "regular expression of Python",
    "[[:alpha:]]+": "regular expression of Python",
    "(?<code>[A-Z]+)": "regular expression of Python",
    r"[A-Z]\z": "regular expression of Python",
    "[": "regular expression of Python",
    "(?!Q)[A-Z]+": "cannot be matched in linear time",
    r"(A|B)\1": "cannot be matched in linear time",
    r"\bAB": "has another meaning in RE2",
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_that_servers_would_not_read_is_refused_before_anything_is_trained(
    pattern: str, pod: Pods
) -> None:
    pod.upload("1.csv", "a\nAB\n")
    ended, _ = pod.profile(schema(column(kind="string", pattern=pattern)))
    assert (ended.code, ended.reason) == (64, "SpecInvalid")
    assert "column a: pattern" in ended.message
    assert PATTERNS[pattern] in ended.message

"""Values as people and tools write them, one kind a line: read as meant, or called nonsense."""

import datetime
import io
from decimal import Decimal
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.jobs.pods import Pods
from tests.unit.jobs.test_odd_files import PARQUET, csv_rows, rows_of, schema

# Type of the column, what is written, and what it is; `...` is a value of another type.
WRITTEN: dict[str, tuple[str, list[str], list[Any]]] = {
    "numbers with signs and powers": (
        "number",
        ["+5", "-0", "1e3", ".5", "5."],
        [5, 0, 1000, 0.5, 5],
    ),
    "integers with powers": ("integer", ["1e3", "12.0", "-0"], [1000, 12, 0]),
    "numbers for people": ("number", ['"1,234"', "12%", "€5", "(5)", "1 000", "5 kg"], [...] * 6),
    "numbers of programs": ("number", ["1_000", "0x1F", "0b1", "1f", "1d", "1L"], [...] * 6),
    "digits of other alphabets": ("integer", ["٣", "１２", "²"], [...] * 3),
    "numbers beyond 64 bits": (
        "integer",
        [str(2**63), str(-(2**63) - 1), str(2**63 - 1)],
        [..., ..., 2**63 - 1],
    ),
    "spaces around numbers": ("number", ["  1.5 ", "\t2"], [1.5, 2]),
    "booleans of surveys": ("boolean", ["yes", "Y", "t", "on", "true"], [..., ..., ..., ..., True]),
    "letters that look like booleans": (
        "string",
        ["t", "n", "y", "f", "NO"],
        ["t", "n", "y", "f", "NO"],
    ),
    "postcodes": ("string", ["01234", "1e5", "0x10", "+49"], ["01234", "1e5", "0x10", "+49"]),
    "words and codes in one column": ("string", ["a", "b", "123"], ["a", "b", "123"]),
    "spaces around words": ("string", [" a", "a ", "a"], [" a", "a ", "a"]),
    "missing words that are words": (
        "string",
        ["NA", "null", "None", "nan"],
        ["NA", "null", "None", "nan"],
    ),
    "missing numbers": ("number", ["NA", "null", "N/A", "NaN"], [None] * 4),
    "other marks for missing numbers": ("number", ["-", "?", "missing", "#N/A"], [...] * 4),
    "days in other orders": ("timestamp", ["31.12.2020", "12/31/2020", "2020/12/31"], [...] * 3),
    "days that are none": ("timestamp", ["2021-02-29", "2021-13-01", "0000-00-00"], [...] * 3),
    "seconds since 1970": ("timestamp", ["1609459200", "1609459200000"], [...] * 2),
}


def wanted(values: list[Any]) -> list[Any]:
    return [None if each is ... else each for each in values]


@pytest.mark.parametrize("case", WRITTEN)
def test_a_value_in_a_text_file_is_what_was_meant_or_of_another_type(pod: Pods, case: str) -> None:
    kind, texts, values = WRITTEN[case]
    pod.upload("1.csv", "\n".join(["a,b", *(f"{text},x" for text in texts), ""]))
    _, manifest = pod.profile(schema(a=kind, b="string"))
    bad = [row for each in manifest["violations"] if each["rule"] == "Type" for row in each["rows"]]
    assert bad == [place for place, value in enumerate(values, 1) if value is ...]
    if not bad:
        assert [row[0] for row in rows_of(pod, manifest)] == values


SUMMER = datetime.datetime(2015, 10, 25, 0, 30, tzinfo=datetime.UTC)


def test_an_hour_that_comes_twice_is_told_apart_by_its_offset(pod: Pods) -> None:
    texts = ["2015-10-25T02:30:00+02:00", "2015-10-25T02:30:00+01:00", "2015-03-29T02:30:00"]
    rows = csv_rows(pod, schema(t="timestamp"), "\n".join(["t", *texts, ""]))
    later = SUMMER + datetime.timedelta(hours=1)
    # Without an offset it is UTC, in which each hour exists once.
    spring = datetime.datetime(2015, 3, 29, 2, 30, tzinfo=datetime.UTC)
    assert [row[0] for row in rows] == [SUMMER, later, spring]


UNSIGNED = {pa.uint8(): 200, pa.uint16(): 40_000, pa.uint32(): 3_000_000_000, pa.uint64(): 2**60}


def from_parquet(pod: Pods, values: pa.Array, kind: str) -> Any:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"a": values}), buffer)
    pod.upload("1.parquet", buffer.getvalue())
    _, manifest = pod.profile(schema(a=kind), **PARQUET)
    return (
        [row[0] for row in rows_of(pod, manifest)] if manifest["verdict"] == "Valid" else manifest
    )


@pytest.mark.parametrize("dtype", UNSIGNED, ids=str)
@pytest.mark.parametrize("kind", ["integer", "number", "string"])
def test_unsigned_numbers_stay_positive(pod: Pods, dtype: Any, kind: str) -> None:
    value = UNSIGNED[dtype]
    expected = {"integer": value, "number": float(value), "string": str(value)}[kind]
    assert from_parquet(pod, pa.array([value, None], dtype), kind) == [expected, None]


def test_an_unsigned_number_beyond_64_bits_with_a_sign_is_of_another_type(pod: Pods) -> None:
    manifest = from_parquet(pod, pa.array([2**63, 1], pa.uint64()), "integer")
    assert [(each["rule"], each["rows"]) for each in manifest["violations"]] == [("Type", [1])]


@pytest.mark.parametrize("precision", [4, 12, 30])
def test_a_decimal_has_its_point_however_it_is_stored(pod: Pods, precision: int) -> None:
    values = pa.array([Decimal("12.34"), None], pa.decimal128(precision, 2))
    assert from_parquet(pod, values, "number") == [12.34, None]


def test_parts_may_store_a_column_in_different_types(pod: Pods) -> None:
    kinds = (pl.Int32, pl.Int64, pl.Float64, pl.Decimal(9, 1), pl.String)
    for number, dtype in enumerate(kinds):
        pod.upload(f"{number}.parquet", pl.DataFrame({"a": pl.Series([7, None]).cast(dtype)}))
    for kind, seven in (("integer", 7), ("number", 7.0)):
        _, manifest = pod.profile(schema(a=kind), **PARQUET)
        assert [row[0] for row in rows_of(pod, manifest)] == [seven, None] * len(kinds)


def test_rows_are_counted_by_records_and_not_by_lines(pod: Pods) -> None:
    content = 'name,notes\nalice,"line1\nline2"\nbob,"hello"\n'
    assert csv_rows(pod, schema(name="string", notes="string"), content) == [
        ("alice", "line1\nline2"), ("bob", "hello"),
    ]  # fmt: skip


def test_a_line_end_in_the_header_is_a_part_of_a_name(pod: Pods) -> None:
    assert csv_rows(
        pod, schema(**{"Header\nLine Two": "string"}), '"Header\nLine Two"\nValue\n'
    ) == [("Value",)]


def test_a_holdout_by_the_target_is_refused_before_a_model_knows_one_class(pod: Pods) -> None:
    lines = [f"{n},{'ab'[n % 2]}" for n in range(200)]
    pod.upload("1.csv", "\n".join(["x,y", *lines, ""]))
    question = {"task": "Classification", "target": "y"}
    held = {"by": "Group", "column": "y", "share": 0.5}
    for name in "abcdef":
        ended, manifest = pod.profile(
            schema(x="number", y="string"), question={**question, "holdout": held}, holdoutKey=name
        )
        assert manifest["verdict"] == "Invalid", ended
        assert ended.reason in ("HoldoutEmpty", "TrainingEmpty", "TargetConstant")

"""A value must be kept as it is or marked as nonsense: never turned into another one."""

import datetime
import io
from decimal import Decimal
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.jobs.pods import Pods
from tests.unit.jobs.test_odd_files import PARQUET, csv_rows, parquet, rows_of, schema

LARGE = 2**53 + 1


def broken(manifest: dict[str, Any]) -> list[tuple[str, list[int]]]:
    return [(violation["rule"], violation["rows"]) for violation in manifest["violations"]]


def decimals(*values: str) -> pl.DataFrame:
    return pl.DataFrame({"a": [Decimal(each) for each in values]}).cast(pl.Decimal(38, 1))


def test_a_key_that_a_database_wrote_as_a_decimal_keeps_all_its_digits(pod: Pods) -> None:
    manifest = parquet(pod, schema(a="integer"), decimals(f"{LARGE}.0", f"-{2**60}.0"))
    assert rows_of(pod, manifest) == [(LARGE,), (-(2**60),)]


def test_a_decimal_that_is_no_integer_of_64_bits(pod: Pods) -> None:
    manifest = parquet(pod, schema(a="integer"), decimals("1.0", "1.5", f"{2**64}.0"))
    assert broken(manifest) == [("Type", [2, 3])]


def test_a_float_that_stands_for_several_integers_is_none_of_them(pod: Pods) -> None:
    pod.upload("1.csv", f"a\n{LARGE}.0\n{LARGE}\n{2**53 - 1}.0\n")
    _, manifest = pod.profile(schema(a="integer"))
    assert broken(manifest) == [("Type", [1])]


@pytest.mark.parametrize("unit", ["ms", "us"])
def test_a_time_beyond_all_calendars_is_nonsense_and_not_our_mistake(pod: Pods, unit: Any) -> None:
    frame = pl.DataFrame({"t": [0, 2**62, -(2**62)]}).cast(pl.Datetime(unit))
    assert broken(parquet(pod, schema(t="timestamp"), frame)) == [("Type", [2, 3])]


def test_a_day_beyond_all_calendars(pod: Pods) -> None:
    frame = pl.DataFrame({"t": [2**31 - 1, 0]}, schema={"t": pl.Int32}).cast(pl.Date)
    assert broken(parquet(pod, schema(t="timestamp"), frame)) == [("Type", [1])]


def test_a_year_has_four_digits(pod: Pods) -> None:
    pod.upload("1.csv", "t\n13-01-02\n2013-01-02\n+12345-01-02\n0000-01-02\n")
    _, manifest = pod.profile(schema(t="timestamp"))
    assert broken(manifest) == [("Type", [1, 3, 4])]


@pytest.mark.parametrize("zone", ["+05:30", "-03:30", "Asia/Kolkata"])
def test_an_instant_is_the_same_in_whatever_zone_it_was_written(pod: Pods, zone: str) -> None:
    made = pa.table({"t": pa.array([1_357_034_400_000_000], pa.timestamp("us", zone))})
    buffer = io.BytesIO()
    pq.write_table(made, buffer)
    pod.upload("1.parquet", buffer.getvalue())
    _, manifest = pod.profile(schema(t="timestamp"), **PARQUET)
    assert rows_of(pod, manifest) == csv_rows(pod, schema(t="timestamp"), "t\n2013-01-01 10:00\n")
    assert rows_of(pod, manifest)[0][0] == datetime.datetime(2013, 1, 1, 10, tzinfo=datetime.UTC)


def test_a_file_at_which_the_reader_panics_is_said_to_be_unreadable(pod: Pods) -> None:
    frame = pl.DataFrame({"a": [2**31 - 1]}, schema={"a": pl.Int32}).cast(pl.Date)
    pod.upload("1.parquet", frame)
    ended, _ = pod.profile(schema(a="string"), **PARQUET)
    assert (ended.code, ended.reason) == (64, "SourceUnreadable")
    assert "s3://raw/1.parquet" in ended.message


def test_prose_does_not_fill_the_manifest_with_its_texts(pod: Pods) -> None:
    texts = [f"{number} " + "and so on " * 100 for number in range(500)]
    frame = pl.DataFrame({"a": texts, "b": [text[:200] for text in texts]})
    manifest = parquet(pod, schema(a="string", b="string"), frame)
    assert [column["name"] for column in manifest["reference"]["columns"]] == ["b"]
    assert manifest["rows"] == 500

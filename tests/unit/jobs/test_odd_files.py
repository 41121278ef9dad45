"""Files as other tools write them must be read as meant, or refused with what to do about it."""

import datetime
import gzip
from typing import Any

import polars as pl
import pytest

from tests.unit.jobs.pods import Ended, Pods

PARQUET = {"source": {"uri": "s3://raw/*.parquet"}, "format": "parquet"}


def schema(**types: str) -> dict[str, Any]:
    """Return nullable columns."""
    return {"columns": [{"name": n, "type": t, "nullable": True} for n, t in types.items()]}


AB = schema(a="integer", b="string")


def rows_of(pod: Pods, manifest: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows that were kept, without their holdout mark."""
    path, found = pod.root / "part.parquet", []
    for part in manifest["parts"]:
        pod.store.download_blob(part["blob"], path)
        found += pl.read_parquet(path).drop("__holdout").rows()
    return found


def csv_rows(pod: Pods, rules: dict[str, Any], content: bytes | str) -> list[tuple[Any, ...]]:
    pod.upload("1.csv", content)
    ended, manifest = pod.profile(rules)
    assert ended.words["verdict"] == "Valid", ended
    return rows_of(pod, manifest)


READ: dict[str, tuple[bytes | str, list[tuple[Any, ...]]]] = {
    "a byte order mark": (b"\xef\xbb\xbfa,b\n1,x\n", [(1, "x")]),
    "Windows line ends": (b"a,b\r\n1,x\r\n2,y", [(1, "x"), (2, "y")]),
    "quoted line ends and quotes": ('a,b\n1,"x\ny"\n2,"y""z, ü"\n', [(1, "x\ny"), (2, 'y"z, ü')]),
    "gzip": (gzip.compress(b"a,b\n1,x\n"), [(1, "x")]),
    "gzip in pieces": (
        gzip.compress(b"a,b\n1,x\n") + gzip.compress(b"2,y\n"),
        [(1, "x"), (2, "y")],
    ),
    "gzip that fills a block with zeros": (gzip.compress(b"a,b\n1,x\n") + bytes(9), [(1, "x")]),
    "blank lines": ("\na,b\n1,x\n\n2,y\n\r\n", [(1, "x"), (2, "y")]),
    "an index without a name": (",b,a\n0,x,1\n", [(1, "x")]),
    "columns without names that a spreadsheet left": ("a,b,,\n1,x,,\n", [(1, "x")]),
    "rows of gaps, which are no blank lines": ("a,b\n1,x\n,\n", [(1, "x"), (None, None)]),
}


@pytest.mark.parametrize("case", READ)
def test_a_csv_file_of_another_tool_is_read_as_meant(pod: Pods, case: str) -> None:
    content, expected = READ[case]
    assert csv_rows(pod, AB, content) == expected


def test_a_blank_line_is_a_gap_where_there_is_only_one_column(pod: Pods) -> None:
    assert csv_rows(pod, schema(a="integer"), "a\n1\n\n2\n") == [(1,), (None,), (2,)]


def test_names_of_columns_may_hold_anything(pod: Pods) -> None:
    rules = schema(**{"a b": "integer", "ü.é": "number", 'q"u': "string", "x,\ny": "number"})
    content = '"x,\ny",a b,ü.é,"q""u"\n3,1,2.5,z\n'
    assert csv_rows(pod, rules, content) == [(1, 2.5, "z", 3.0)]


REFUSED: dict[str, tuple[bytes | str, str, str]] = {
    "Latin-1": ("a,b\n1,x\n2,größe\n".encode("latin-1"), "SourceUnreadable", "line 3 is not UTF-8"),
    "UTF-16": ("a,b\n1,x\n".encode("utf-16"), "SourceUnreadable", "it is UTF-16; save it as UTF-8"),
    "old Macintosh line ends": ("a,b\r1,x\r", "SourceUnreadable", "ends lines with LF"),
    "quotes inside of a value": ('a,b\n1,"x\ny"\n2,5" pipe\n', "SourceUnreadable", "in line 4"),
    "a lone carriage return": ("a,b\n1,x\n\r2,y\n", "SourceUnreadable", "in line 3 is wrong"),
    "semicolons": ("a;b\n1;x\n", "ColumnMissing", "Is the separator ';'? Use commas."),
    "semicolons and decimal commas": (
        "a;b\n1,5;x\n",
        "TornLine",
        "has 2 fields, the header has 1. Is the separator ';'? Use commas.",
    ),
    "tabs": ("a\tb\n1\tx\n", "ColumnMissing", "Is the separator '\\t'?"),
    "a space before a name": ("a, b\n1,x\n", "ColumnMissing", "Its columns are 'a', ' b'"),
    "a column twice": ("a,b,a\n1,x,2\n", "ColumnTwice", "two columns a."),
    "nothing but a line end": ("\n", "SourceEmpty", "no header"),
    "nothing but a byte order mark": (b"\xef\xbb\xbf", "SourceEmpty", "no header"),
    "a torn line under gzip": (gzip.compress(b"a,b\n1,x\n3\n"), "TornLine", "has 1 field"),
    "gzip that ends at once": (gzip.compress(b"a,b\n1,x\n")[:5], "TornLine", "data is cut"),
    "gzip that is damaged": (gzip.compress(b"a,b\n1,x\n")[:-9] + bytes(9), "TornLine", "damaged"),
    "gzip that ends early": (
        gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(999)))[:1000],
        "TornLine",
        "the compressed data is cut",
    ),
    "a decimal comma": ('a,b\n"1,5",x\n', "Type", "of another type than integer (row 1)."),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_csv_file_that_cannot_be_a_table_says_what_to_do(pod: Pods, case: str) -> None:
    content, reason, words = REFUSED[case]
    pod.upload("1.csv", content)
    ended, manifest = pod.profile(AB)
    assert _reason(ended, manifest) == reason
    assert words in ended.message


def _reason(ended: Ended, manifest: dict[str, Any]) -> str:
    return manifest["violations"][0]["rule"] if manifest else ended.reason


def test_parts_may_have_their_columns_in_another_order(pod: Pods) -> None:
    pod.upload("2.csv", "b,z,a\ny,q,2\n")
    assert csv_rows(pod, AB, "a,b\n1,x\n") == [(1, "x"), (2, "y")]
    ended, _ = pod.profile({**AB, "strict": True})
    assert "s3://raw/2.csv has the undeclared column z" in ended.message


def test_times_in_the_spellings_of_iso_8601_and_of_databases(pod: Pods) -> None:
    texts = [
        "2013-01-01T10:00Z", "2013-01-01 10:00:00+00", "2013-01-01T12:00:00+0200",
        "2013-01-01 10:00:00 UTC", "2013-01-01T12:00+02:00", "2013-01-01T10:00:00.000000000Z",
    ]  # fmt: skip
    instant = datetime.datetime(2013, 1, 1, 10, tzinfo=datetime.UTC)
    found = csv_rows(pod, schema(t="timestamp"), "\n".join(["t", *texts, ""]))
    assert found == [(instant,)] * len(texts)


def test_booleans_that_a_tool_wrote_as_floats(pod: Pods) -> None:
    assert csv_rows(pod, schema(a="boolean", b="string"), "a,b\n1.0,x\n0.0,y\n,z\n") == [
        (True, "x"), (False, "y"), (None, "z"),
    ]  # fmt: skip


def parquet(pod: Pods, rules: dict[str, Any], frame: pl.DataFrame) -> dict[str, Any]:
    pod.upload("1.parquet", frame)
    ended, manifest = pod.profile(rules, **PARQUET)
    assert ended.code == 0, ended
    return manifest


def test_a_fraction_is_no_boolean(pod: Pods) -> None:
    manifest = parquet(pod, schema(a="boolean"), pl.DataFrame({"a": [0.5, 1.0, 1.7, 0.0]}))
    assert [(v["rule"], v["rows"]) for v in manifest["violations"]] == [("Type", [1, 3])]


def test_a_duration_is_no_text_and_breaks_nothing(pod: Pods) -> None:
    frame = pl.DataFrame({"a": [datetime.timedelta(1)]})
    manifest = parquet(pod, schema(a="string"), frame)
    assert [violation["rule"] for violation in manifest["violations"]] == ["Type"]


def test_a_column_of_no_type_is_a_column_of_gaps(pod: Pods) -> None:
    kinds = ["integer", "number", "string", "boolean", "timestamp"]
    rules = schema(**dict(zip("abcde", kinds, strict=True)))
    manifest = parquet(pod, rules, pl.DataFrame({name: [None, None] for name in "abcde"}))
    assert rows_of(pod, manifest) == [(None,) * 5] * 2


def test_the_largest_numbers_have_bins_too(pod: Pods) -> None:
    values = [1.7e308, -1.7e308, 5e-324, 0.0] * 50
    manifest = parquet(pod, schema(a="number"), pl.DataFrame({"a": values}))
    assert manifest["reference"]["columns"][0]["name"] == "a"


@pytest.mark.parametrize("name", ["__holdout", "__group", "__prediction", "*", "^a.*$"])
def test_a_column_with_a_name_that_cannot_be_used(pod: Pods, name: str) -> None:
    pod.upload("1.csv", f"{name}\n1\n")
    ended, _ = pod.profile(schema(**{name: "integer"}))
    assert (ended.code, ended.reason) == (64, "SpecInvalid")
    assert f"column {name} has" in ended.message

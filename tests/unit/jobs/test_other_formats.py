"""A file of another kind is called what it is; texts and names may be written in other ways."""

import bz2
import gzip
import io
import lzma
import pickle
import sqlite3
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.orc
import pytest

from tests.unit.jobs.pods import Pods
from tests.unit.jobs.test_odd_files import PARQUET, csv_rows, parquet, rows_of, schema

FRAME = pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})
CSV = b"a,b\n1,x\n2,y\n"


def written(method: str) -> bytes:
    buffer = io.BytesIO()
    getattr(FRAME, method)(buffer)
    return buffer.getvalue()


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("1.csv", CSV)
    return buffer.getvalue()


def orc() -> bytes:
    buffer = io.BytesIO()
    pyarrow.orc.write_table(pa.table(FRAME.to_dict(as_series=False)), buffer)
    return buffer.getvalue()


def database(folder: Path) -> bytes:
    path = folder / "x.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table t (a)")
    connection.close()
    return path.read_bytes()


OTHERS: dict[str, tuple[bytes, str]] = {
    "Parquet": (written("write_parquet"), "a Parquet file. Set spec.format to parquet."),
    "zip": (zipped(), "a zip file or an Excel workbook."),
    "bzip2": (bz2.compress(CSV), "compressed with bzip2. Unpack it, or compress it with gzip."),
    "xz": (lzma.compress(CSV), "compressed with xz."),
    "Arrow": (written("write_ipc"), "an Arrow file."),
    "Avro": (written("write_avro"), "an Avro file."),
    "ORC": (orc(), "an ORC file."),
    "pickle": (pickle.dumps(FRAME.to_dicts()), "a Python pickle."),
    "a web page": (
        b"\n<!DOCTYPE html><html><body>Log in",
        "a page of HTML or XML, such as an error",
    ),
    "an error of a bucket": (b'<?xml version="1.0"?><Error>', "a page of HTML or XML"),
}


@pytest.mark.parametrize("case", OTHERS)
def test_a_file_of_another_kind_is_called_what_it_is(pod: Pods, case: str) -> None:
    content, words = OTHERS[case]
    pod.upload("1.csv", content)
    ended, _ = pod.profile(schema(a="integer"))
    assert (ended.code, ended.reason) == (64, "SourceUnreadable")
    assert f"s3://raw/1.csv is not csv: it is {words}" in ended.message


def test_a_database_is_called_what_it_is(pod: Pods, tmp_path: Path) -> None:
    pod.upload("1.csv", database(tmp_path))
    assert "it is a SQLite database" in pod.profile(schema(a="integer"))[0].message


def test_parquet_under_gzip_is_called_so(pod: Pods) -> None:
    pod.upload("1.parquet", gzip.compress(written("write_parquet")))
    ended, _ = pod.profile(schema(a="integer"), **PARQUET)
    assert "is not parquet: it is compressed with gzip." in ended.message


@pytest.mark.parametrize("name", ["PAR1", "ORCID", "BZh", "ARROW1", "Obj"])
def test_a_column_may_be_called_like_a_format(pod: Pods, name: str) -> None:
    assert csv_rows(pod, schema(**{name: "integer"}), f"{name},b\n1,x\n") == [(1,)]


KINDS: dict[str, tuple[list[str], list[Any]]] = {
    "string": (["é", "B6"], ["é", "B6"]),
    "integer": (["12", "-3"], [12, -3]),
    "number": (["1.5", "2"], [1.5, 2.0]),
    "boolean": (["true", "0"], [True, False]),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [pa.binary(), pa.large_binary()])
def test_texts_that_a_database_wrote_as_bytes_are_texts(pod: Pods, kind: str, dtype: Any) -> None:
    texts, expected = KINDS[kind]
    values = pa.array([*(text.encode() for text in texts), None], dtype)
    buffer = io.BytesIO()
    pa.parquet.write_table(pa.table({"a": values}), buffer, store_schema=False)
    pod.upload("1.parquet", buffer.getvalue())
    _, manifest = pod.profile(schema(a=kind), **PARQUET)
    assert rows_of(pod, manifest) == [(each,) for each in [*expected, None]]


def test_bytes_that_are_no_text_are_values_of_another_type(pod: Pods) -> None:
    manifest = parquet(pod, schema(a="string"), pl.DataFrame({"a": [b"x", b"\xff\xfe", None]}))
    assert [(each["rule"], each["rows"]) for each in manifest["violations"]] == [("Type", [2])]


NAMES = {
    "its Unicode form": ("café", unicodedata.normalize("NFD", "café")),
    "spaces or invisible characters": ("price", "pri\u200bce "),
    "upper and lower case": ("Price", "PRICE"),
}


@pytest.mark.parametrize("differs", NAMES)
def test_a_name_that_looks_the_same_is_said_to_differ(pod: Pods, differs: str) -> None:
    wanted, found = NAMES[differs]
    pod.upload("1.csv", f"{found},b\n1,2\n")
    ended, _ = pod.profile(schema(**{wanted: "integer", "b": "integer"}))
    assert ended.reason == "ColumnMissing"
    assert f"has no column {wanted}. Its column" in ended.message
    assert f"differs only in {differs}: rename one of them." in ended.message

"""A category has one spelling, whatever type a tool gave its column: else models learn it twice."""

import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from plumbline.contract.model_json import Feature
from plumbline.jobs.data.texts import texts
from plumbline.jobs.training.features import model_input
from plumbline.serving import engines
from plumbline.serving.errors import RequestError
from plumbline.serving.protocol import InferRequest, Tensor
from plumbline.serving.reader import Reader

from tests.unit.jobs import runs
from tests.unit.jobs.pods import Pods
from tests.unit.jobs.test_odd_files import PARQUET, csv_rows, rows_of, schema

WHOLE = [1, 20, None, -3, 0]
AS_TEXT = ["1", "20", None, "-3", "0"]
NUMERIC = {
    "int8": pa.int8(),
    "int64": pa.int64(),
    "float16": pa.float16(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "decimal without a fraction": pa.decimal128(9, 0),
    "decimal with a fraction": pa.decimal128(20, 4),
    "large decimal": pa.decimal128(38, 2),
    "dictionary of floats": pa.dictionary(pa.int8(), pa.float64()),
    "dictionary of texts": pa.dictionary(pa.int8(), pa.string()),
    "string": pa.string(),
}


def column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(kind):
        return column(values, kind.value_type).dictionary_encode()
    if pa.types.is_decimal(kind):
        return pa.array([None if each is None else Decimal(each) for each in values], kind)
    if kind == pa.float16():
        return pa.array([None if each is None else np.float16(each) for each in values], kind)
    if kind == pa.string():
        return pa.array([None if each is None else str(each) for each in values], kind)
    return pa.array(values, kind)


def from_parquet(pod: Pods, values: pa.Array, **changes: Any) -> list[Any]:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"a": values}), buffer)
    pod.upload("1.parquet", buffer.getvalue())
    ended, manifest = pod.profile(schema(a="string"), **PARQUET, **changes)
    assert ended.words["verdict"] == "Valid", ended
    return [row[0] for row in rows_of(pod, manifest)]


@pytest.mark.parametrize("kind", NUMERIC)
def test_a_whole_number_is_its_digits_in_whatever_type_a_file_has_it(pod: Pods, kind: str) -> None:
    assert from_parquet(pod, column(WHOLE, NUMERIC[kind])) == AS_TEXT


def test_a_fraction_is_its_shortest_decimal(pod: Pods) -> None:
    tenths = [0.1, 1.5, None]
    for kind in (pa.float32(), pa.float64()):
        assert from_parquet(pod, pa.array(tenths, kind)) == ["0.1", "1.5", None]
    decimals = pa.array([Decimal("0.10"), Decimal("1.50"), None], pa.decimal128(9, 2))
    assert from_parquet(pod, decimals) == ["0.1", "1.5", None]


@pytest.mark.parametrize("kind", [pl.Float32, pl.Float64])
def test_a_float_that_stands_for_several_integers_has_no_text(kind: Any) -> None:
    limit = 2 ** (24 if kind == pl.Float32 else 53)
    values = pl.Series([limit - 1, limit, -limit, float("inf")], dtype=kind)
    assert texts(values).to_list() == [str(limit - 1), None, None, None]


CSV = {
    "integers with a gap": ("a,b\n1.0,x\n20.0,x\n,y\n-3.0,z\n", ["1", "20", None, "-3"]),
    "a gap in quotes": ('a,b\n1.0,x\n"",y\n', ["1", None]),
    "versions": ("a,b\n1.0,x\n1.1,x\n,y\n", ["1.0", "1.1", None]),
    "versions of which none is missing": ("a,b\n1.0,x\n2.0,x\n", ["1.0", "2.0"]),
    "codes with leading zeros": ("a,b\n01.0,x\n,y\n", ["01.0", None]),
}


@pytest.mark.parametrize("case", CSV)
def test_integers_that_a_gap_made_floats_in_a_text_file_are_the_integers(
    pod: Pods, case: str
) -> None:
    content, expected = CSV[case]
    assert [row[0] for row in csv_rows(pod, schema(a="string", b="string"), content)] == expected


def test_texts_that_the_schema_lists_stay_as_they_are(pod: Pods) -> None:
    rules = schema(a="string", b="string")
    rules["columns"][0]["values"] = ["1.0", "2.0"]
    assert csv_rows(pod, rules, "a,b\n1.0,x\n,y\n") == [("1.0", "x"), (None, "y")]


def test_rows_that_an_older_release_read_otherwise_are_read_once_more(pod: Pods) -> None:
    """Else one store would have two spellings, in old parts and in new ones."""
    source = column(WHOLE, pa.float64())
    assert from_parquet(pod, source) == AS_TEXT
    _, manifest = pod.profile(schema(a="string"), **PARQUET)
    old_rows = pod.root / "old.parquet"
    pl.DataFrame({"a": ["1.0"], "__holdout": [False]}).write_parquet(old_rows)
    blob = pod.store.put_blob(old_rows)
    parts = [{**part, "blob": blob, "reading": 1} for part in manifest["parts"]]
    previous = pod.store.put_manifest({**manifest, "parts": parts})
    assert from_parquet(pod, source, previous=previous) == AS_TEXT


def test_a_champion_of_texts_knows_the_categories_of_a_column_that_is_numbers_now() -> None:
    features = [{"name": "a", "type": "category"}]
    for kind in (pl.Int64, pl.Float64, pl.Float32, pl.Decimal(9, 1)):
        now = pl.DataFrame({"a": [1, 20, None]}).cast(kind)
        assert model_input(now, features)["a"].to_list() == ["1", "20", None]


@pytest.mark.parametrize("datatype", ["FP64", "FP32", "INT64", "BOOL"])
def test_a_client_cannot_send_a_category_as_a_number(datatype: str) -> None:
    reader = Reader([Feature(name="a", type="category")])
    request = InferRequest([Tensor(name="a", shape=[1], datatype=datatype, data=[1])])
    with pytest.raises(RequestError, match="use datatype BYTES"):
        reader.columns(request)


def stores(seed: int, *, gap: bool) -> pl.DataFrame:
    """Return rows of six stores, as pandas writes them with and without a gap."""
    random = np.random.default_rng(seed)
    store = random.integers(1, 7, 3000)
    late = random.random(3000) < np.where(store % 2 == 0, 0.75, 0.25)
    codes = pl.Series("store", store)
    if gap:
        codes = codes.cast(pl.Float64).scatter(0, None)
    return pl.DataFrame({"id": np.arange(3000) + seed * 10_000, "store": codes, "late": late})


def test_a_model_of_a_file_with_a_gap_answers_the_clients_of_the_file_without(pod: Pods) -> None:
    pod.upload("1.parquet", stores(2, gap=True))
    kinds = {"id": "integer", "store": "string", "late": "boolean"}
    ended, _ = pod.profile(
        {**schema(**kinds), "primaryKey": ["id"]}, **PARQUET, question=runs.question()
    )
    task = runs.run_task(ended.words["digest"], pod, features=["store"])
    ended, _ = runs.whole_run(pod, task)
    assert ended.words["verdict"] == "Passed", ended
    compiled = pod.path("/predictions/compiled")
    asked = np.array(["1", "2", "3", "4", "5", "6"], dtype=object)
    likely = engines.load(compiled).predict({"store": asked})[:, 1] > 0.5
    assert likely.tolist() == [False, True] * 3

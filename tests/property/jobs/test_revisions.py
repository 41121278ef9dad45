"""What a revision promises: the same rows are the same digest, and no row changes sides."""

import io
import random
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from plumbline.api.v1alpha1.dataset import DataSchema, Holdout
from plumbline.jobs.data.digest import row_hashes, row_texts, rows_digest
from plumbline.jobs.data.tables import read_table
from plumbline.jobs.profiling.holdout import rule_of, split

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SCHEMA = DataSchema.model_validate(
    {
        "columns": [
            {"name": "id", "type": "integer"},
            {"name": "x", "type": "number", "nullable": True},
            {"name": "s", "type": "string", "nullable": True},
            {"name": "b", "type": "boolean"},
            {"name": "t", "type": "timestamp"},
        ],
        "primaryKey": ["id"],
        "timeColumn": "t",
    }
)
DTYPES = {
    "id": pl.Int64(),
    "x": pl.Float64(),
    "s": pl.String(),
    "b": pl.Boolean(),
    "t": pl.Datetime("us", "UTC"),
}
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.integers(-(2**40), 2**40),
            "x": st.none() | st.floats(allow_nan=False, allow_infinity=False),
            "s": st.none() | TEXTS,
            "b": st.booleans(),
            "t": st.integers(0, 10**15),
        }
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda row: row["id"],
)


def frame_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={**DTYPES, "t": pl.Int64()}).cast(DTYPES)  # type: ignore[arg-type]


def digest(frame: pl.DataFrame) -> str:
    return rows_digest(SCHEMA, row_hashes(frame))


@given(rows=ROWS, seed=st.integers(0, 1000))
def test_the_digest_does_not_depend_on_the_order_or_on_the_files(
    rows: list[dict[str, Any]], seed: int
) -> None:
    frame = frame_of(rows)
    shuffled = frame.sample(fraction=1, shuffle=True, seed=seed)
    cut = seed % frame.height
    parts = [shuffled[:cut], shuffled[cut:]]
    columns = random.Random(seed).sample(frame.columns, len(frame.columns))  # noqa: S311
    hashes = np.concatenate([row_hashes(part.select(columns)) for part in parts])
    assert rows_digest(SCHEMA, hashes) == digest(frame)


@given(rows=ROWS)
def test_the_digest_does_not_depend_on_the_format_or_the_compression(
    rows: list[dict[str, Any]], tmp_path_factory: Any
) -> None:
    frame, folder = frame_of(rows), tmp_path_factory.mktemp("formats")
    for number, compression in enumerate(["zstd", "snappy", "uncompressed"]):
        path = folder / f"{number}.parquet"
        frame.write_parquet(path, compression=compression)
        assert digest(read_table(path, "x", "parquet", SCHEMA).frame) == digest(frame)
    text = io.BytesIO()
    frame.with_columns(pl.col("t").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")).write_csv(text)
    (folder / "x.csv").write_bytes(text.getvalue())
    assert digest(read_table(folder / "x.csv", "x", "csv", SCHEMA).frame) == digest(frame)


@given(rows=ROWS, data=st.data())
def test_the_digest_changes_when_a_value_does(rows: list[dict[str, Any]], data: Any) -> None:
    frame = frame_of(rows)
    place = data.draw(st.integers(0, len(rows) - 1))
    changed = [{**row, "b": not row["b"]} if n == place else row for n, row in enumerate(rows)]
    assert digest(frame_of(changed)) != digest(frame)
    assert digest(frame_of(rows[:place] + rows[place + 1 :])) != digest(frame)


@given(st.lists(st.none() | TEXTS, min_size=2, max_size=4), st.data())
def test_values_never_run_into_each_other(values: list[str | None], data: Any) -> None:
    other = data.draw(st.lists(st.none() | TEXTS, min_size=len(values), max_size=len(values)))
    names = [f"c{place}" for place in range(len(values))]
    frame = pl.DataFrame([values, other], schema={n: pl.String() for n in names}, orient="row")
    texts = row_texts(frame, names)
    assert (texts[0] == texts[1]) == (values == other)


@given(rows=ROWS, more=ROWS, by=st.sampled_from(["Row", "Group"]), share=st.floats(0.05, 0.95))
def test_a_row_never_changes_sides_when_rows_are_added(
    rows: list[dict[str, Any]], more: list[dict[str, Any]], by: Any, share: float
) -> None:
    rule = rule_of(Holdout(by=by, column="s" if by == "Group" else None, share=share), SCHEMA)
    before = frame_of(rows)
    after = pl.concat([before, frame_of(more)]).sample(fraction=1, shuffle=True, seed=1)
    held = before.with_columns(split(before, rule, key="uid", now=NOW).held.alias("held"))
    later = after.with_columns(split(after, rule, key="uid", now=NOW).held.alias("held"))
    group = pl.col("s").fill_null("\0" + pl.col("id").cast(pl.String))
    key = [pl.col("id") if by == "Row" else group]
    pairs = held.join(later, on=key, how="inner")
    assert (pairs["held"] == pairs["held_right"]).all()


@given(rows=ROWS, more=ROWS, share=st.floats(0.05, 0.95))
def test_by_time_no_row_that_was_trained_on_ever_judges(
    rows: list[dict[str, Any]], more: list[dict[str, Any]], share: float
) -> None:
    rule = rule_of(Holdout(by="Time", share=share), SCHEMA)
    before = frame_of(rows)
    first = split(before, rule, key="uid", now=NOW)
    after = pl.concat([before, frame_of(more)])
    second = split(
        after, rule, key="uid", now=NOW, floor=first.manifest_entry("", personal=False).cut
    )
    assert second.cut >= first.cut
    trained, judging = before.filter(~first.held), after.filter(second.held)
    assert trained.is_empty() or judging.is_empty() or trained["t"].max() < judging["t"].min()


def test_another_data_set_holds_out_other_rows() -> None:
    rule = rule_of(Holdout(by="Row", share=0.5), SCHEMA)
    frame = frame_of(
        [{"id": n, "x": 1.0, "s": "a", "b": True, "t": n} for n in range(1000)],
    )
    one, two = (split(frame, rule, key=key, now=NOW).held for key in ("one", "two"))
    assert 400 < one.sum() < 600
    assert 400 < (one == two).sum() < 600


def test_a_digest_is_the_same_in_every_version_of_this_code() -> None:
    """A digest that changed by itself would call all data new, and train on what has judged."""
    rows = [
        {
            "id": n,
            "x": None if n % 7 == 0 else n / 3,
            "s": None if n % 5 == 0 else f"ü{n % 9}",
            "b": n % 2 == 0,
            "t": n * 10**6,
        }
        for n in range(1000)
    ]
    frame = frame_of(rows)
    assert digest(frame).startswith("sha256:2e5832433e60ba452276fd9347730ac6f2b403f5882646e0412d")
    held = [
        int(
            split(
                frame, rule_of(Holdout(by=by, column=column), SCHEMA), key="k", now=NOW
            ).held.sum()
        )
        for by, column in (("Row", None), ("Group", "s"), ("Time", None))
    ]
    assert held == [204, 134, 200]


def test_hashing_does_not_hold_the_text_of_all_rows() -> None:
    rows = 250_000
    frame = pl.DataFrame({f"x{n}": pl.int_range(rows, eager=True) / 7 for n in range(8)})
    tracemalloc.start()
    row_hashes(frame)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 80 * rows

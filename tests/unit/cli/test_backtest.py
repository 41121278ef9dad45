"""`plumbline backtest`: which alarms there would have been, and when."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from plumbline.cli.exits import Exit

from tests.unit.cli.running import csv, parquet, report, run
from tests.unit.jobs.flights import FEATURES, flights

ROWS, MOVED = 6000, 3000


def table(seed: int, rows: int = ROWS) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    return pl.DataFrame({"x": random.standard_normal(rows), "k": random.choice(["a", "é"], rows)})


def after(frame: pl.DataFrame, **changes: pl.Expr) -> pl.DataFrame:
    """Return the rows; from row MOVED on, with other values."""
    late = pl.int_range(pl.len()) >= MOVED
    return frame.with_columns(
        **{name: pl.when(late).then(each).otherwise(pl.col(name)) for name, each in changes.items()}
    )


@pytest.fixture
def then(tmp_path: Path) -> Path:
    return parquet(tmp_path / "then", table(1))


def test_rows_of_one_kind_raise_no_alarm(then: Path, tmp_path: Path) -> None:
    now = csv(tmp_path / "now.csv", table(2))
    found = report("backtest", now, "--reference", then)
    assert found["alarms"] == []
    assert found["evaluations"] == found["seconds"] == ROWS / 50
    assert found["falseAlarms"]["expected"] == pytest.approx(120 / (30 * 86_400), rel=1e-5)
    assert run("backtest", now, "--reference", then).exit_code == Exit.FINE


def test_an_alarm_has_the_row_at_which_it_came(then: Path, tmp_path: Path) -> None:
    now = parquet(tmp_path / "now", after(table(2), x=pl.col("x") + 1.5))
    found = report("backtest", now, "--reference", then)
    (alarm,) = found["alarms"]
    assert (alarm["column"], alarm["kind"], alarm["untilRow"]) == ("x", "Drifted", None)
    assert MOVED < alarm["row"] <= MOVED + 500
    assert alarm["score"] > 0.1
    shown = run("backtest", now, "--reference", then)
    assert shown.exit_code == Exit.FOUND
    assert str(alarm["row"]) in shown.stdout


def test_missing_values_and_values_of_another_type_are_broken_data(
    then: Path, tmp_path: Path
) -> None:
    gaps = csv(tmp_path / "gaps.csv", after(table(2), x=pl.lit(None)))
    texts = csv(tmp_path / "texts.csv", after(table(2).cast({"x": pl.String}), x=pl.lit("?")))
    kinds = [
        [
            (a["column"], a["kind"], a["rule"])
            for a in report("backtest", p, "--reference", then)["alarms"]
        ]
        for p in (gaps, texts)
    ]
    assert kinds == [[("x", "DataBroken", "NullJump")], [("x", "DataBroken", "Type")]]


def test_an_alarm_that_ended_says_so(then: Path, tmp_path: Path) -> None:
    short = pl.int_range(pl.len()).is_between(10_000, 11_999)
    x = pl.when(short).then(pl.col("x") + 3).otherwise(pl.col("x"))
    now = csv(tmp_path / "now.csv", table(2, rows=30_000).with_columns(x))
    alarms = report("backtest", now, "--reference", then)["alarms"]
    assert [a["column"] for a in alarms] == ["x"]
    assert 12_000 < alarms[0]["untilRow"] < 25_000


def test_rows_come_at_their_times_and_alarms_have_both(then: Path, tmp_path: Path) -> None:
    moved = after(table(2), x=pl.col("x") + 1.5).with_columns(
        t=pl.from_epoch(pl.int_range(pl.len()) // 50 + 1_700_000_000, "s")
    )
    now = csv(tmp_path / "now.csv", moved.reverse())
    by_time = report("backtest", now, "--reference", then, "--time", "t")
    by_row = report("backtest", csv(tmp_path / "b.csv", moved), "--reference", then)
    (one,), (other,) = by_time["alarms"], by_row["alarms"]
    assert one["score"] == other["score"]
    # The file is upside down, but rows of one second come in its order.
    assert one["row"] == ROWS - other["row"] + 50
    assert one["time"].startswith("2023-11-14T22:1")
    assert by_time["rowsPerSecond"] is None


def test_few_rows_a_second_are_long_gaps(then: Path, tmp_path: Path) -> None:
    moved = after(table(2), x=pl.col("x") + 1.5)[2000:4000]
    now = csv(tmp_path / "now.csv", moved)
    found = report("backtest", now, "--reference", then, "--rate", 0.01)
    assert [a["column"] for a in found["alarms"]] == ["x"]
    assert found["seconds"] == 199_901


def test_too_few_rows_are_no_proof(then: Path, tmp_path: Path) -> None:
    now = csv(tmp_path / "now.csv", table(2, rows=20))
    assert run("backtest", now, "--reference", then).exit_code == Exit.UNKNOWN


@pytest.mark.parametrize(
    ("content", "words", "said"),
    [
        ("x,t\n1,2020-01-01\n2,\n", ["--time", "t"], "column t has 1 row without a time (row 2)"),
        ("x,t\n1,-5\n2,7\n", ["--time", "t"], "column t has 1 row before 1970 (row 1)"),
        ("x,t\n1,a\n2,b\n", ["--time", "t"], "has neither times nor numbers"),
        ("x,t\n1,1\n2,2\n", ["--time", "u"], "has no column u"),
        ("x,t\n1,1\n2,2\n", ["--time", "t", "--rate", "5"], "contradict each other"),
        ("x,t\n1,1\n2,2\n", ["--rate", "0"], "--rate"),
    ],
)
def test_times_that_cannot_be(
    content: str, words: list[str], said: str, then: Path, tmp_path: Path
) -> None:
    found = run("backtest", csv(tmp_path / "now.csv", content), "--reference", then, *words)
    assert found.exit_code == Exit.WRONG
    assert said in found.stderr


def test_a_summer_after_a_winter_is_drift_and_not_broken_data(tmp_path: Path) -> None:
    some = flights().select("month", "time_hour", *FEATURES)
    winter = some.filter(pl.col("month") < 3).drop("month")
    summer = some.filter(pl.col("month") == 7).drop("month")
    now = parquet(tmp_path / "now", pl.concat([winter.tail(6000), summer.head(3000)]))
    words = ("--reference", parquet(tmp_path / "winter", winter), "--reference-time", "time_hour")
    alarms = report("backtest", now, *words)["alarms"]
    assert "DataBroken" not in {a["kind"] for a in alarms}
    assert ("temp", "Drifted") in {(a["column"], a["kind"]) for a in alarms}
    assert alarms[0]["row"] > 6000

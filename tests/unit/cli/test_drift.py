"""`plumbline drift`: what it says of two tables, and how it ends."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from plumbline.cli.exits import Exit

from tests.unit.cli.running import column, csv, parquet, report, run
from tests.unit.jobs.flights import FEATURES, flights

ROWS = 2000


def table(seed: int, rows: int = ROWS, shift: float = 0.0) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    return {
        "amount": random.lognormal(shift, 1, rows),
        "city": random.choice(["Zürich", "東京", "Ō-tsu"], rows),
        "paid": random.random(rows) < 0.3,
    }


@pytest.fixture
def then(tmp_path: Path) -> Path:
    return csv(tmp_path / "then.csv", table(1))


def test_tables_of_one_kind_have_no_drift(then: Path, tmp_path: Path) -> None:
    now = csv(tmp_path / "now.csv", table(2))
    found = run("drift", then, now)
    assert found.exit_code == Exit.FINE
    assert "No drift was found in 3 columns." in found.stdout
    assert "at most 1 call any column drifted" in found.stdout


def test_a_column_that_moved_is_named_with_its_numbers(then: Path, tmp_path: Path) -> None:
    now = csv(tmp_path / "now.csv", table(2, shift=1.0))
    assert run("drift", then, now).exit_code == Exit.FOUND
    found = report("drift", then, now)
    amount = column(found, "amount")
    assert (found["drifted"], found["broken"], found["level"]) == (["amount"], [], 0.01)
    assert amount["score"] > amount["threshold"] == 0.1
    assert amount["p"] < 0.01
    assert amount["n"] == ROWS
    assert amount["mean"]["now"] > 2 * amount["mean"]["then"]


def test_the_order_of_columns_and_the_format_of_a_file_change_nothing(
    then: Path, tmp_path: Path
) -> None:
    moved = table(2, shift=1.0)
    one = csv(tmp_path / "now.csv", moved)
    other = parquet(tmp_path / "now", dict(reversed(moved.items())))
    first, second = (report("drift", then, each)["columns"] for each in (one, other))
    assert first == second


def test_only_named_columns_are_compared(then: Path, tmp_path: Path) -> None:
    now = csv(tmp_path / "now.csv", table(2, shift=1.0))
    found = report("drift", then, now, "--column", "city", "--column", "paid")
    assert {each["name"] for each in found["columns"]} == {"city", "paid"}
    assert run("drift", then, now, "--column", "city").exit_code == Exit.FINE


def test_values_that_are_missing_are_broken_data(then: Path, tmp_path: Path) -> None:
    gaps = pl.DataFrame(table(2)).with_columns(
        amount=pl.when(pl.int_range(pl.len()) % 4 > 0).then("amount")
    )
    found = report("drift", then, csv(tmp_path / "now.csv", gaps))
    assert found["broken"] == [
        {"column": "amount", "rule": "NullJump", "rows": ROWS // 4, "of": ROWS}
    ]
    assert found["drifted"] == []
    assert column(found, "amount")["nulls"] == ROWS // 4


def test_a_column_that_is_gone_is_broken_and_a_new_one_is_said(then: Path, tmp_path: Path) -> None:
    now = csv(tmp_path / "now.csv", pl.DataFrame(table(2)).rename({"city": "town"}))
    found = report("drift", then, now)
    assert [(one["column"], one["rule"]) for one in found["broken"]] == [("city", "ColumnMissing")]
    assert [each["name"] for each in found["leftOut"]] == ["town"]
    assert run("drift", then, now).exit_code == Exit.FOUND


def test_a_column_of_another_type_is_broken(then: Path, tmp_path: Path) -> None:
    other = pl.DataFrame(table(2)).with_columns(amount=pl.lit("a lot"))
    found = report("drift", then, csv(tmp_path / "now.csv", other))
    assert [(one["rule"], one["rows"]) for one in found["broken"]] == [("Type", ROWS)]


def test_single_values_of_another_type_are_counted_and_shown(then: Path, tmp_path: Path) -> None:
    odd = pl.DataFrame(table(2)).cast({"amount": pl.String})
    odd[4, "amount"] = "unknown"
    now = csv(tmp_path / "now.csv", odd)
    assert report("drift", then, now)["current"]["otherType"] == {"amount": 1}
    assert "now.csv: column amount has 1 value of another type than number (row 5)" in (
        run("drift", then, now).stdout
    )


def test_a_column_without_values_cannot_be_compared(tmp_path: Path) -> None:
    nothing = {"x": [None] * 100, "y": [1.0] * 100}
    then, now = parquet(tmp_path / "then", nothing), parquet(tmp_path / "now", nothing)
    found = report("drift", then, now, "--column", "x")
    assert found["leftOut"][0]["name"] == "x"
    assert found["columns"] == []
    assert run("drift", then, now, "--column", "x").exit_code == Exit.UNKNOWN


def test_a_column_that_lost_all_values_is_broken(then: Path, tmp_path: Path) -> None:
    now = csv(tmp_path / "now.csv", pl.DataFrame(table(2)).with_columns(amount=None))
    found = report("drift", then, now)
    assert [one["rule"] for one in found["broken"]] == ["NullJump"]
    assert run("drift", then, now, "-o", "html").exit_code == Exit.FOUND


def test_a_table_of_one_column_and_gaps_keeps_its_rows(tmp_path: Path) -> None:
    then = csv(tmp_path / "then.csv", "x\n" + "1\n\n2\n" * 300)
    now = csv(tmp_path / "now.csv", "x\n" + "2\n1\n\n" * 300)
    x = column(report("drift", then, now), "x")
    assert (x["n"], x["nulls"], x["drifted"]) == (900, 300, False)


def test_few_rows_are_no_proof_that_nothing_moved(then: Path, tmp_path: Path) -> None:
    now = csv(tmp_path / "now.csv", table(2, rows=70))
    few = csv(tmp_path / "few.csv", table(2, rows=10))
    assert run("drift", then, now, "--tolerate", 1).exit_code == Exit.UNKNOWN
    found = run("drift", then, few)
    assert found.exit_code == Exit.UNKNOWN
    assert "would not show a change of" in found.stdout


def test_what_could_be_seen_shrinks_with_rows(tmp_path: Path) -> None:
    then = csv(tmp_path / "then.csv", table(1, rows=20_000))
    changes = [
        column(report("drift", then, csv(tmp_path / "now.csv", table(2, rows=rows))), "amount")
        for rows in (100, 5000)
    ]
    few, many = (each["smallest"]["change"] for each in changes)
    assert many < (few or 9)


def walk(seed: int, rows: int = 4000) -> dict[str, Any]:
    """Rows that are like their neighbours: what came before, and a little noise."""
    noise = np.random.default_rng(seed).standard_normal(rows)
    x = np.zeros(rows)
    for place in range(1, rows):
        x[place] = 0.99 * x[place - 1] + noise[place]
    return {"t": np.arange(rows), "x": x}


def test_neighbouring_rows_that_are_alike_count_as_fewer(tmp_path: Path) -> None:
    then, now = csv(tmp_path / "then.csv", walk(1)), csv(tmp_path / "now.csv", walk(2))
    found, words = report("drift", then, now, "--column", "x"), ("--column", "x", "--tolerate", 0)
    assert column(found, "x")["likeness"] > 20
    assert run("drift", then, now, *words).exit_code == Exit.UNKNOWN
    assert run("drift", then, now, *words, "--independent").exit_code == Exit.FOUND


def test_the_order_may_be_a_column(tmp_path: Path) -> None:
    ordered = pl.DataFrame(walk(1))
    then = csv(tmp_path / "then.csv", ordered.sample(fraction=1, shuffle=True, seed=1))
    now = csv(tmp_path / "now.csv", walk(2))
    without, by_time = report("drift", then, now), report("drift", then, now, "--time", "t")
    assert column(without, "x")["likeness"] < 2 < column(by_time, "x")["likeness"]
    assert [each["name"] for each in by_time["columns"]] == ["x"]


def test_a_sorted_file_is_called_what_it_is(tmp_path: Path) -> None:
    sides = [pl.DataFrame(table(seed)).sort("amount") for seed in (1, 2)]
    then, now = (csv(tmp_path / f"{n}.csv", each) for n, each in enumerate(sides))
    assert "use --independent" in run("drift", then, now, "--column", "amount").stdout
    assert run("drift", then, now, "--independent").exit_code == Exit.FINE


@pytest.fixture(scope="module")
def seasons(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder, rows = tmp_path_factory.mktemp("seasons"), flights()
    some = rows.select("month", *FEATURES)
    winter, summer = some.filter(pl.col("month") < 3), some.filter(pl.col("month") == 7)
    return csv(folder / "winter.csv", winter), csv(folder / "summer.csv", summer.head(8000))


def test_a_summer_is_not_a_winter(seasons: tuple[Path, Path]) -> None:
    found = report("drift", *seasons, *(f"--column={name}" for name in FEATURES))
    assert "temp" in found["drifted"]
    assert {"carrier", "origin", "hour"}.isdisjoint(found["drifted"])


class Page(HTMLParser):
    """Reads a page: tags that are open, text, and addresses of other files."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.said: list[str] = []
        self.others: list[str] = []
        self.bars = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.others += [name for name, _ in attrs if name in ("src", "href")]
        self.bars += tag == "rect"
        if tag not in ("meta", "rect", "line"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.bars += tag == "rect"

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def test_the_page_is_one_file_with_histograms_then_and_now(tmp_path: Path) -> None:
    then, now = table(1), table(2, shift=1.0)
    nasty = "<b>a&b</b>"
    paths = [
        csv(tmp_path / f"{n}.csv", {nasty: each["amount"], "city": each["city"]})
        for n, each in enumerate((then, now))
    ]
    page = Page(run("drift", *paths, "-o", "html").stdout)
    assert (page.open, page.others) == ([], [])
    assert page.bars == 2 * (31 + 5)
    assert any(nasty in text for text in page.said)
    assert any("東京" in text for text in page.said)

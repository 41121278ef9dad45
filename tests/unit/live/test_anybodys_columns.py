"""Columns as other people have them: many even categories, mostly zero, float32, sorted, codes."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl
import pytest
from plumbline.api.v1alpha1.dataset import DataSchema
from plumbline.jobs.profiling.references import reference
from plumbline.live.observations import Assessment
from plumbline.stats.bins import ColumnBins

from tests.unit.live.watching import Watching

RATE = 50
Batch = Mapping[str, np.ndarray[Any, Any]]


def watched(columns: Batch) -> Watching:
    """Watch what a profile Job learns from these columns, in the order of the file."""
    types = {name: "string" if of.dtype == object else "number" for name, of in columns.items()}
    schema = DataSchema.model_validate(
        {
            "columns": [
                {"name": name, "type": type_, "nullable": True} for name, type_ in types.items()
            ]
        }
    )
    frame = pl.DataFrame(
        {
            name: pl.Series(of.tolist(), dtype=pl.String if of.dtype == object else None)
            for name, of in columns.items()
        }
    )
    held = pl.repeat(value=False, n=frame.height, eager=True)
    found = reference(frame, held, schema, None)
    return Watching(*map(ColumnBins.from_json, found.columns))


def seconds(mine: Watching, rows: Batch) -> list[Assessment]:
    """Let fifty rows a second come."""
    number, found = len(next(iter(rows.values()))), []
    for second, start in enumerate(range(0, number, RATE), 1):
        mine.comes(second, {name: of[start : start + RATE] for name, of in rows.items()})
        found.append(mine.evaluate(second))
    return found


def after(mine: Watching, usual: Batch, rows: Batch) -> list[Assessment]:
    """Let rows come after a minute of usual ones, which shows how alike rows are."""
    both = {name: np.concatenate([usual[name][: 60 * RATE], rows[name]]) for name in rows}
    found = seconds(mine, both)
    assert drifted(found[:60]) == []
    return found[60:]


def drifted(found: list[Assessment]) -> list[int]:
    """Return the seconds in which the alarm was on."""
    return [second for second, each in enumerate(found, 1) if each.drifted]


def names(number: int) -> np.ndarray[Any, Any]:
    return np.array([f"u{each}" for each in range(number)], dtype=object)


@pytest.mark.parametrize(
    ("values", "rows"), [(300, 1000), (3000, 20_000), (100, 300), (3000, 1000)]
)
def test_many_even_categories_are_no_drift(values: int, rows: int) -> None:
    for seed in range(3):
        rng = np.random.default_rng([61, values, seed])
        mine = watched({"x": names(values)[rng.integers(values, size=rows)]})
        live = names(values)[rng.integers(values, size=60 * RATE)]
        assert drifted(seconds(mine, {"x": live})) == []


@pytest.mark.parametrize("zero", [0.85, 0.9, 0.95])
def test_a_change_above_zero_is_found_in_a_column_that_is_mostly_zero(zero: float) -> None:
    rng = np.random.default_rng([62, int(100 * zero)])

    def claims(above: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.where(rng.random(len(above)) < zero, 0.0, above)

    mine = watched({"claims": claims(np.minimum(rng.exponential(16, 10_000), 100))})
    same = claims(np.minimum(rng.exponential(16, 3000), 100))
    assert drifted(seconds(mine, {"claims": same})) == []
    mine = watched({"claims": claims(np.minimum(rng.exponential(16, 10_000), 100))})
    moved = claims(rng.uniform(60, 95, 4000))
    assert drifted(after(mine, {"claims": same}, {"claims": moved}))


def test_decimals_of_clients_are_those_of_a_float32_file() -> None:
    rng = np.random.default_rng(63)
    tenths, prices = np.arange(10) / 10, np.array([4.99, 9.99, 14.99, 19.99, 29.99, 49.99])

    def rows(number: int) -> dict[str, np.ndarray[Any, Any]]:
        return {
            "discount": tenths[rng.integers(10, size=number)],
            "price": prices[rng.integers(6, size=number)],
            "weight": rng.normal(size=number).round(3),
        }

    file = {name: values.astype(np.float32) for name, values in rows(6000).items()}
    assert drifted(seconds(watched(file), rows(8000))) == []


def test_answers_of_two_engines_that_differ_in_the_last_bit_are_the_same_answers() -> None:
    rng = np.random.default_rng(64)
    few = np.array([0.1, 0.377026589870256, 0.9])[rng.choice(3, 6000, p=[0.5, 0.3, 0.2])]
    live = np.nextafter(few[:3000], rng.choice([-1.0, 2.0], 3000))
    assert drifted(seconds(watched({"score": few}), {"score": live})) == []


def test_codes_that_are_replaced_by_their_neighbours_are_found() -> None:
    rng = np.random.default_rng(65)
    mine = watched({"product": rng.integers(40, size=10_000).astype(float)})
    usual, live = rng.integers(40, size=3000).astype(float), rng.integers(40, size=2000)
    moved = (live + (live % 2 == 0)).astype(float)
    assert drifted(after(mine, {"product": usual}, {"product": moved}))


@pytest.mark.parametrize("order", ["x", "y", "w"])
def test_a_file_that_is_sorted_does_not_make_its_columns_deaf(order: str) -> None:
    rng = np.random.default_rng(66)

    def rows(number: int, shift: float = 0.0) -> dict[str, np.ndarray[Any, Any]]:
        x, words = rng.normal(size=number), np.array(list("abcd"), dtype=object)
        odds = rng.random(number) < 1 / (1 + np.exp(-3 * x))
        return {"x": x + shift, "y": odds * 1.0, "w": words[rng.integers(4, size=number)]}

    file = rows(8000)
    place = np.argsort(file[order], kind="stable")
    file = {name: values[place] for name, values in file.items()}
    assert drifted(seconds(watched(file), rows(2000))) == []
    assert drifted(after(watched(file), rows(3000), rows(500, shift=1.0)))
    moved = rows(500)
    moved["w"][moved["w"] == "a"] = "d"
    assert drifted(after(watched(file), rows(3000), moved))


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
def test_values_that_are_missing_where_none_were_page(share: float) -> None:
    rng = np.random.default_rng([67, int(100 * share)])
    mine = watched({"x": rng.normal(size=20_000)})
    live = np.where(rng.random(1000) < share, np.nan, rng.normal(size=1000))
    found = after(mine, {"x": rng.normal(size=3000)}, {"x": live})
    first = next(second for second, each in enumerate(found, 1) if each.broken)
    assert {one.rule for one in found[first - 1].broken} <= {"NullRise", "NullJump"}
    assert RATE * first <= (150 if share >= 0.2 else 400)
    assert found[-1].broken
    assert drifted(found) == []


FAULTS: dict[str, tuple[str, Callable[[np.ndarray[Any, Any], np.random.Generator], Any]]] = {
    "20 % become 0": ("OneValue", lambda x, rng: np.where(rng.random(len(x)) < 0.2, 0.0, x)),
    "40 % become 0": ("OneValue", lambda x, rng: np.where(rng.random(len(x)) < 0.4, 0.0, x)),
    "20 % become -999": ("OneValue", lambda x, rng: np.where(rng.random(len(x)) < 0.2, -999, x)),
    "a hundred times": ("Scale", lambda x, _: x * 100),
    "a hundredth": ("Scale", lambda x, _: x / 100),
}
REAL = {
    "half a deviation": lambda x: x + 0.5,
    "three deviations": lambda x: x + 3,
    "twice as wide": lambda x: x * 2,
    "half as wide": lambda x: x / 2,
}


@pytest.mark.parametrize("mean", [0.0, 20.0])
@pytest.mark.parametrize("name", FAULTS)
def test_what_is_probably_a_fault_is_named(name: str, mean: float) -> None:
    rng = np.random.default_rng([68, int(mean), *name.encode()])
    rule, fault = FAULTS[name]
    mine = watched({"x": rng.normal(mean, size=20_000)})
    live = fault(rng.normal(mean, size=1500), rng)
    found = after(mine, {"x": rng.normal(mean, size=3000)}, {"x": live})
    first = next(second for second, each in enumerate(found, 1) if each.suspects or each.broken)
    assert RATE * first <= (250 if rule == "Scale" else 150)
    if name != "40 % become 0":
        assert [one.rule for one in found[-1].suspects] == [rule], found[-1]
    assert found[-1].suspects or found[-1].broken


@pytest.mark.parametrize("name", REAL)
def test_what_moves_as_the_world_moves_is_no_fault(name: str) -> None:
    rng = np.random.default_rng([69, *name.encode()])
    mine = watched({"x": rng.normal(size=20_000)})
    live = REAL[name](rng.normal(size=1500))
    found = after(mine, {"x": rng.normal(size=3000)}, {"x": live})
    assert drifted(found)
    assert [one for each in found for one in (*each.suspects, *each.broken)] == []


WORDS = np.array(list("abcdefgh"), dtype=object)
OFTEN = np.array([0.3, 0.2, 0.15, 0.1, 0.1, 0.05, 0.05, 0.05])


@pytest.mark.parametrize("spelling", [True, False])
def test_a_new_spelling_is_a_fault_and_a_new_category_is_none(*, spelling: bool) -> None:
    rng = np.random.default_rng([70, spelling])
    mine = watched({"w": rng.choice(WORDS, 20_000, p=OFTEN)})
    live = rng.choice(WORDS, 2000, p=OFTEN)
    new = rng.random(2000) < (1 / 3 if spelling else 0.1)
    live[new & ((live == "a") | (not spelling))] = "A"
    found = after(mine, {"w": rng.choice(WORDS, 3000, p=OFTEN)}, {"w": live})
    assert drifted(found)
    assert {one.rule for each in found for one in each.suspects} == (
        {"NewSpelling"} if spelling else set()
    )
    if spelling:
        assert "a has" in found[-1].suspects[0].saw

"""A wrong time is said, and does not decide for ever which rows are held out."""

import datetime
import io
from collections.abc import Sequence
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.jobs import runs
from tests.unit.jobs.pods import Ended, Pods
from tests.unit.jobs.test_odd_files import PARQUET, rows_of, schema

ROWS = 200
DAYS = [f"2020-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}" for n in range(ROWS)]
WRONG = [day.replace("2020", "2200") if n % 4 == 0 else day for n, day in enumerate(DAYS)]


def profiled(
    pod: Pods, days: Sequence[str], previous: str | None = None, **more: Any
) -> tuple[Ended, dict[str, Any]]:
    lines = [f"{day},{n},{n % 2}" for n, day in enumerate(days)]
    pod.upload("1.csv", "\n".join(["t,x,y", *lines, ""]))
    rules = schema(t="timestamp", x="number", y="integer")
    rules["columns"][0].update(more)
    question = {"task": "Classification", "target": "y"}
    return pod.profile({**rules, "timeColumn": "t"}, question=question, previous=previous)


def test_a_wrong_date_in_the_future_does_not_move_the_cut(pod: Pods) -> None:
    _, right = profiled(pod, DAYS)
    _, wrong = profiled(pod, WRONG)
    assert wrong["holdout"]["cut"][:7] == right["holdout"]["cut"][:7]
    (warning,) = wrong["warnings"]
    assert (warning["rule"], warning["count"]) == ("TimeInFuture", 50)
    assert (
        "after the time of this fetch, such as 2200-01-01 (rows 1, 5, 9, ...)" in warning["message"]
    )


@pytest.mark.parametrize("days", [WRONG, DAYS], ids=["some wrong", "all right"])
def test_a_cut_that_an_older_release_kept_after_all_rows_is_forgotten(
    pod: Pods, days: list[str]
) -> None:
    ended, first = profiled(pod, DAYS)
    kept = {**first["holdout"], "cut": "2200-01-17T00:00:00+00:00"}
    before = pod.store.put_manifest({**first, "holdout": kept})
    ended, later = profiled(pod, days, before)
    assert ended.words["verdict"] == "Valid", ended
    assert later["holdout"]["cut"].startswith("2020-")
    warning = next(each for each in later["warnings"] if each["rule"] == "CutRestarted")
    assert "(2200-01-17T00:00:00+00:00); the new cut is 2020-" in warning["message"]


def test_an_older_extract_starts_the_cut_anew_and_says_so(pod: Pods) -> None:
    ended, first = profiled(pod, DAYS)
    older = [day for day in DAYS if day < first["holdout"]["cut"][:10]]
    ended, later = profiled(pod, older, ended.words["digest"])
    assert ended.words["verdict"] == "Valid", ended
    assert [each["rule"] for each in later["warnings"]] == ["CutRestarted"]


def test_data_about_the_future_has_a_cut_too(pod: Pods) -> None:
    _, manifest = profiled(pod, [day.replace("2020", "2200") for day in DAYS])
    assert manifest["holdout"]["cut"].startswith("2200-")
    assert 0.15 * ROWS < manifest["holdout"]["rows"] < 0.25 * ROWS


def test_times_that_are_right_cause_no_warning(pod: Pods) -> None:
    assert "warnings" not in profiled(pod, DAYS)[1]


def test_no_holdout_names_its_cut(pod: Pods) -> None:
    lines = [f"{day},{n},{n % 2 if n < 100 else ''}" for n, day in enumerate(sorted(DAYS))]
    pod.upload("1.csv", "\n".join(["t,x,y", *lines, ""]))
    rules = {**schema(t="timestamp", x="number", y="integer"), "timeColumn": "t"}
    ended, _ = pod.profile(rules, question={"task": "Classification", "target": "y"})
    assert ended.reason == "HoldoutEmpty"
    assert "is held out (by Time, t from 2020-" in ended.message


def test_a_personal_time_is_shown_nowhere_and_its_cut_stays(pod: Pods) -> None:
    ended, first = profiled(pod, DAYS, personal=True)
    assert "2020-" not in str(first) + str(ended.words)
    ended, later = profiled(pod, DAYS[:-1], ended.words["digest"], personal=True)
    assert later["holdout"]["rows"] == first["holdout"]["rows"] - (DAYS[-1] >= sorted(DAYS)[160])
    _, wrong = profiled(pod, WRONG, personal=True)
    assert "2200" not in str(wrong)


def test_a_group_that_is_missing_is_no_group(pod: Pods) -> None:
    frame = runs.rows(2000)
    guests = [None if n % 5 else f"c{n // 50}" for n in range(2000)]
    columns = [*runs.SCHEMA["columns"], {"name": "customer", "type": "string", "nullable": True}]
    pod.upload("1.csv", frame.with_columns(customer=pl.Series(guests, dtype=pl.String)))
    question = runs.question(by="Group", column="customer", share=0.2)
    _, manifest = pod.profile({**runs.SCHEMA, "columns": columns}, question=question)
    held = manifest["holdout"]["rows"]
    assert 300 < held < 500
    task = runs.run_task(str(pod.store.put_manifest(manifest)), pod, params={"max_iter": 5})
    _, model = runs.whole_run(pod, task)
    auc = next(each for each in model["metrics"] if each["name"] == "auc")
    assert auc["groups"] > 0.7 * held


FAR = [datetime.datetime(year, 5, 1, 12) for year in (1, 1000, 1970, 2013, 2262, 9999)]


@pytest.mark.parametrize("old", [True, False], ids=["96 bits", "64 bits"])
def test_far_times_stay_what_they_are_however_they_are_written(pod: Pods, old: bool) -> None:
    times = pa.table({"n": list(range(len(FAR))), "t": pa.array(FAR, pa.timestamp("us"))})
    buffer = io.BytesIO()
    pq.write_table(times, buffer, use_deprecated_int96_timestamps=old, store_schema=False)
    pod.upload("1.parquet", buffer.getvalue())
    ended, manifest = pod.profile(schema(t="timestamp", n="integer"), **PARQUET)
    assert ended.words["verdict"] == "Valid", ended
    assert rows_of(pod, manifest) == [
        (time.replace(tzinfo=datetime.UTC), n) for n, time in enumerate(FAR)
    ]

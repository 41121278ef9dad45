"""A holdout that leaves no row to evaluate on, or to train on, makes no revision."""

from collections.abc import Iterable
from typing import Any

import pytest

from tests.unit.jobs.pods import Pods


def profiled(
    pod: Pods, first: tuple[str, Iterable[object]], targets: Iterable[object], **changes: Any
) -> tuple[Any, dict[str, Any]]:
    """Profile rows of a column, a number and a target."""
    kind, values = first
    lines = [f"{v},{n},{y}" for n, (v, y) in enumerate(zip(values, targets, strict=True))]
    pod.upload("1.csv", "\n".join(["t,x,y", *lines, ""]))
    columns = [
        {"name": "t", "type": kind, "nullable": True},
        {"name": "x", "type": "number"},
        {"name": "y", "type": changes.pop("target", "integer"), "nullable": True},
    ]
    schema = {"columns": columns, **changes.pop("schema", {})}
    holdout = changes.pop("holdout", {})
    question = {"task": "Classification", "target": "y", "holdout": holdout}
    return pod.profile(schema, question={**question, **changes.pop("question", {})}, **changes)


ROWS = 50
ZERO_ONE = [n % 2 for n in range(ROWS)]
BY_TIME: dict[str, Any] = {"schema": {"timeColumn": "t"}}
LACKING: dict[str, tuple[tuple[str, list[Any]], dict[str, Any], str, str]] = {
    "a tiny share": (("integer", ZERO_ONE), {"holdout": {"share": 0.001}}, "HoldoutEmpty", "None"),
    "a huge share": (("integer", ZERO_ONE), {"holdout": {"share": 0.999}}, "TrainingEmpty", "All"),
    "one group": (
        ("string", ["a"] * ROWS),
        {"holdout": {"by": "Group", "column": "t"}},
        "HoldoutEmpty",
        "None of 50 rows with a target is held out",
    ),
    "one instant": (
        ("timestamp", ["2020-01-01"] * ROWS),
        BY_TIME,
        "TrainingEmpty",
        "(by Time, t from 2020-01-01T",
    ),
    "no time at all": (("timestamp", [""] * ROWS), BY_TIME, "HoldoutEmpty", "(by Time)"),
}  # fmt: skip


@pytest.mark.parametrize("case", LACKING)
def test_a_side_without_rows_is_reported_before_the_training(pod: Pods, case: str) -> None:
    first, changes, rule, words = LACKING[case]
    ended, manifest = profiled(pod, first, ZERO_ONE, **changes)
    assert [violation["rule"] for violation in manifest["violations"]] == [rule]
    assert words in ended.message


def test_classes_of_which_only_one_is_older_than_the_cut(pod: Pods) -> None:
    targets = [0] * 45 + [1] * 5
    _, manifest = profiled(pod, ("integer", list(range(ROWS))), targets, **BY_TIME)
    assert manifest["violations"][0]["rule"] == "TargetConstant"
    assert "40 rows that are not held out" in manifest["violations"][0]["message"]


def test_a_number_to_predict_that_is_constant_before_the_cut(pod: Pods) -> None:
    targets = [0.5] * 45 + [1.5] * 5
    first, question = ("integer", list(range(ROWS))), {"task": "Regression"}
    _, manifest = profiled(pod, first, targets, target="number", question=question, **BY_TIME)
    assert [each["rule"] for each in manifest["violations"]] == ["TargetConstant"]


def test_only_the_rows_whose_target_is_a_fraction_are_named(pod: Pods) -> None:
    targets = ["0", "1", "0.5", "1", "", "2.5", *["1"] * (ROWS - 6)]
    _, manifest = profiled(pod, ("integer", ZERO_ONE), targets, target="number")
    found = [(v["count"], v["rows"]) for v in manifest["violations"] if v["rule"] == "Type"]
    assert found == [(2, [3, 6])]


@pytest.mark.parametrize(
    ("kind", "target", "task", "words"),
    [
        ("timestamp", "2020-01-{:02}", "Classification", "type timestamp"),
        ("timestamp", "2020-01-{:02}", "Regression", "type timestamp"),
        ("number", "{}.5", "Classification", "Use Regression"),
        ("string", "c{}", "Regression", "Declare the column as a number"),
    ],
)
def test_a_target_of_a_type_that_the_task_cannot_have(
    pod: Pods, kind: str, target: str, task: str, words: str
) -> None:
    targets = [target.format(n % 9 + 1) for n in range(ROWS)]
    first = ("integer", ZERO_ONE)
    ended, manifest = profiled(pod, first, targets, target=kind, question={"task": task})
    assert [each["rule"] for each in manifest["violations"]] == ["Type"]
    assert words in ended.message


TIMES = {
    "string": [f"w{n:02}" for n in range(ROWS)],
    "integer": list(range(ROWS)),
    "number": [n / 7 for n in range(ROWS)],
    "timestamp": [f"2020-01-01T00:{n:02}" for n in range(ROWS)],
}


@pytest.mark.parametrize("kind", TIMES)
def test_a_cut_in_any_kind_of_time_stays_in_the_next_revision(pod: Pods, kind: str) -> None:
    ended, first = profiled(pod, (kind, TIMES[kind]), ZERO_ONE, **BY_TIME)
    assert first["holdout"]["rows"] == 10
    older = (kind, TIMES[kind][:-1])
    _, second = profiled(pod, older, ZERO_ONE[:-1], previous=ended.words["digest"], **BY_TIME)
    assert second["holdout"]["cut"] == first["holdout"]["cut"]
    assert second["holdout"]["rows"] == 9


def test_a_cut_of_another_type_is_forgotten(pod: Pods) -> None:
    ended, _ = profiled(pod, ("string", TIMES["string"]), ZERO_ONE, **BY_TIME)
    before = ended.words["digest"]
    ended, second = profiled(
        pod, ("integer", TIMES["integer"]), ZERO_ONE, previous=before, **BY_TIME
    )
    assert second["holdout"]["cut"] == 40, ended


def test_rows_without_a_time_do_not_move_the_cut(pod: Pods) -> None:
    times = [""] * 40 + [f"2020-01-{n + 1:02}" for n in range(10)]
    _, manifest = profiled(pod, ("timestamp", times), ZERO_ONE, **BY_TIME)
    assert manifest["holdout"]["cut"].startswith("2020-01-09")
    assert manifest["holdout"]["rows"] == 2


def test_a_boolean_is_no_time(pod: Pods) -> None:
    ended, _ = profiled(pod, ("boolean", ZERO_ONE), ZERO_ONE, **BY_TIME)
    assert (ended.code, ended.reason) == (64, "SpecInvalid")
    assert "column t is a boolean, which has no order in time" in ended.message
    assert "Name a timestamp, number, integer or string column" in ended.message


def test_a_target_that_is_not_declared(pod: Pods) -> None:
    ended, _ = profiled(pod, ("integer", ZERO_ONE), ZERO_ONE, question={"target": "z"})
    assert (ended.code, ended.reason) == (64, "SpecInvalid")
    assert "spec.question.target z is not a column" in ended.message

"""A rule that would never be looked at must be refused: its author relies on it."""

from typing import Any

import pytest

from tests.unit.jobs.pods import Pods


def schema(kind: str, **rules: Any) -> dict[str, Any]:
    return {"columns": [{"name": "a", "type": kind, **rules}]}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "values of numbers": (schema("integer", values=["1"]), "values and pattern apply to string"),
    "a pattern of times": (schema("timestamp", pattern="2.*"), "column a has type timestamp"),
    "a smallest text": (schema("string", min=0), "min and max apply to integer and number"),
    "a largest time": (schema("timestamp", max=0), "min and max apply to integer and number"),
    "limits that exclude each other": (schema("number", min=2, max=1), "min 2 is above max 1"),
    "a key that is named twice": (
        {**schema("integer"), "primaryKey": ["a", "a"]},
        "names a twice",
    ),
    "a pattern that is none": (schema("string", pattern="("), "column a: pattern: missing )"),
    "a pattern that a server cannot read": (schema("string", pattern=r"\p{L}+"), "bad escape"),
    "a pattern that a server reads otherwise": (
        schema("string", pattern="[[:upper:]]+"),
        "nested set",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_schema_with_rules_that_would_never_be_checked(pod: Pods, case: str) -> None:
    rules, words = REFUSED[case]
    pod.upload("1.csv", "a\n1\n")
    ended, _ = pod.profile(rules)
    assert (ended.code, ended.reason) == (64, "SpecInvalid")
    assert words in ended.message

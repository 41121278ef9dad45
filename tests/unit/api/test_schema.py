"""A pydantic model as a structural schema."""

from datetime import datetime
from typing import Annotated, Literal

import pytest
from plumbline.api.meta import Model, validations
from pydantic import Field

from hack.generate.schema import LIST_BOUND, TEXT_BOUND, plain, structural


class Inner(Model):
    """Inner part."""

    size: Annotated[float, Field(gt=0, le=2)] = 1.0
    """Size of it."""
    words: list[str] = []  # noqa: RUF012
    """Words in it."""


class Outer(Model):
    """Outer part."""

    inner: Inner = Inner()
    """What is inside."""
    optional: Annotated[str, Field(max_length=5)] | None = None
    """May be missing."""
    count: int
    """How many."""
    kind: Literal["only"] = "only"
    """What kind."""
    time: datetime | None = None
    """When."""
    labels: dict[str, str] = {}  # noqa: RUF012
    """By name."""


@pytest.fixture(name="schema")
def _schema() -> dict:
    return structural(Outer, defaults=True)["properties"]


def test_a_reference_is_inlined_with_the_words_of_the_field(schema):
    assert schema["inner"]["description"] == "What is inside."
    assert schema["inner"]["properties"]["size"]["description"] == "Size of it."


def test_a_default_object_is_written_as_json_without_what_is_empty(schema):
    assert schema["inner"]["default"] == {"size": 1}


def test_an_optional_field_is_one_that_may_be_absent(schema):
    optional = {"type": "string", "maxLength": 5, "description": "May be missing."}
    assert schema["optional"] == optional
    assert structural(Outer, defaults=True)["required"] == ["count"]


def test_an_exclusive_bound_takes_the_form_of_openapi(schema):
    size = schema["inner"]["properties"]["size"]
    assert (size["minimum"], size["exclusiveMinimum"], size["maximum"]) == (0, True, 2)


def test_integers_and_times_have_formats(schema):
    assert (schema["count"]["type"], schema["count"]["format"]) == ("integer", "int64")
    assert (schema["time"]["type"], schema["time"]["format"]) == ("string", "date-time")


def test_a_constant_becomes_an_enum(schema):
    assert schema["kind"]["enum"] == ["only"]


def test_what_a_model_leaves_open_is_bounded(schema):
    words = schema["inner"]["properties"]["words"]
    assert words["maxItems"] == LIST_BOUND
    assert words["items"]["maxLength"] == TEXT_BOUND


def test_a_status_gets_no_defaults():
    assert "default" not in str(structural(Outer, defaults=False))


def test_a_union_of_two_types_is_refused():
    class Either(Model):
        """Either."""

        value: int | str
        """Value."""

    with pytest.raises(ValueError, match="union"):
        structural(Either, defaults=True)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, 1),
        (1.5, 1.5),
        (True, True),
        ({"a": None, "b": [], "c": 0}, {"c": 0}),
        ([{"a": 2.0}], [{"a": 2}]),
    ],
)
def test_plain_json_has_no_needless_parts(value, expected):
    assert plain(value) == expected


def test_a_rule_about_an_optional_field_holds_without_it():
    class Ruled(Model):
        """Ruled."""

        model_config = {"json_schema_extra": validations(("self.by != 'Group'", "no groups"))}  # noqa: RUF012

        by: Annotated[str, Field(max_length=9)] | None = None
        """Optional."""

    rules = structural(Ruled, defaults=True)["x-kubernetes-validations"]
    assert rules == [{"rule": "!has(self.by) || (self.by != 'Group')", "message": "no groups"}]

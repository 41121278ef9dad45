"""Text of any depth is read: what is too deep costs its own object, and nothing beside it."""

import json
from typing import Any

import pytest
from plumbline.kube import levels

from tests.sim.fakeapi import levels as deep

HEAD = {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "deep", "resourceVersion": "7"}}
TRICKY = {"metadata": {"name": "flat"}, "text": 'a "quoted" [[[{{{ \\', "more": [[], {}]}
MIXED = '{"a":[' * 40_000 + "1" + "]}" * 40_000


def item(value: Any) -> dict[str, Any]:
    return HEAD | {"spec": {"before": [1, {"a": 2}], "value": value, "after": "]]]}}}"}}


def text(value: Any) -> bytes:
    return deep.sent(value).replace(b'"MIXED"', MIXED.encode())


@pytest.mark.parametrize("value", [deep.of(300), deep.of(5_000), deep.of(700_000), "MIXED"])
def test_a_list_keeps_the_others_and_the_name_of_what_is_too_deep(value: str) -> None:
    read = levels.read(text({"metadata": {}, "items": [TRICKY, item(value), TRICKY]}))
    first, cut, last = read["items"]
    assert first == last == TRICKY
    assert levels.is_unreadable(cut)
    assert {key: cut[key] for key in HEAD} == HEAD
    assert "spec" not in cut


@pytest.mark.parametrize("others", [[], [deep.of(5_000)]], ids=["alone", "beside a deeper one"])
def test_an_object_of_many_levels_is_whole_as_long_as_a_reader_knows_them(
    others: list[str],
) -> None:
    found = [item(value) for value in (deep.of(190), *others)]
    read = levels.read(text({"items": found}))["items"]
    assert not levels.is_unreadable(read[0])
    assert read[0]["spec"]["after"] == "]]]}}}"


@pytest.mark.parametrize("type", ["ADDED", "MODIFIED", "DELETED"])
def test_a_line_of_a_watch_that_is_too_deep_becomes_one_that_any_reader_knows(type: str) -> None:
    line = levels.shallow_line(text({"type": type, "object": item(deep.of(5_000))}))
    event = json.loads(line)
    assert event["type"] == type
    assert levels.is_unreadable(event["object"])
    assert event["object"]["metadata"] == HEAD["metadata"]


def test_lines_that_are_not_too_deep_stay_as_they_are() -> None:
    wide = text({"type": "ADDED", "object": item([[]] * 1_000)})
    for line in (wide, text({"type": "ADDED", "object": TRICKY}), b"", b"[" * 1_000):
        assert levels.shallow_line(line) == line


def test_the_fields_that_mirror_the_depth_are_left_out() -> None:
    mirrored = item(deep.of(500))
    mirrored["metadata"] = HEAD["metadata"] | {"managedFields": [{"f:spec": deep.of(500)}]}
    assert levels.read(text({"items": [mirrored]}))["items"][0]["metadata"] == HEAD["metadata"]


@pytest.mark.parametrize("broken", ["", "{", "nonsense", "[" * 3_000, '"' + "[" * 3_000])
def test_what_is_no_json_is_an_error(broken: str) -> None:
    with pytest.raises(ValueError, match="line 1"):
        levels.read(broken)

"""What counts as a difference: what is wanted and not so, and nothing else."""

from typing import Any

import pytest
from plumbline.engine.applied import with_digest
from plumbline.engine.difference import differences, is_as_desired
from plumbline.engine.quantities import amount_of, are_equal

SAME: dict[str, tuple[Any, Any]] = {
    "fields of the server are not ours": ({"a": 1, "uid": "x"}, {"a": 1}),
    "nothing wanted is nothing there": ({}, {"a": None, "b": "", "c": [], "d": {}}),
    "items of others do not count": (
        {"env": [{"name": "theirs"}, {"name": "A", "value": "1"}]},
        {"env": [{"name": "A", "value": "1"}]},
    ),
    "a port has the default protocol": (
        {"ports": [{"containerPort": 80, "protocol": "TCP"}]},
        {"ports": [{"containerPort": 80}]},
    ),
    "one number for two protocols is two ports": (
        {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]},
        {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53}]},
    ),
    "a cpu is a thousand millis": (
        {"limits": {"cpu": "1", "nvidia.com/gpu": "1"}},
        {"limits": {"cpu": "1000m", "nvidia.com/gpu": 1}},
    ),
    "a gibibyte is 1024 mebibytes": ({"sizeLimit": "1Gi"}, {"sizeLimit": "1024Mi"}),
    "targets of autoscalers are quantities": (
        {"target": {"averageValue": "1500m"}},
        {"target": {"averageValue": "1.5"}},
    ),
    "nameless items are compared in their places": (
        {"rules": [{"action": "Ignore", "x": 1}, {"action": "Fail"}]},
        {"rules": [{"action": "Ignore"}, {"action": "Fail"}]},
    ),
    "items of one name twice are compared in their places": (
        {"metrics": [{"type": "A", "n": 1}, {"type": "A", "n": 2}]},
        {"metrics": [{"type": "A", "n": 1}, {"type": "A", "n": 2}]},
    ),
}
OTHER: dict[str, tuple[Any, Any, tuple[str, ...]]] = {
    "another value": ({"a": {"b": 2}}, {"a": {"b": 1}}, ("a", "b")),
    "a missing field": ({}, {"a": {"b": 1}}, ("a", "b")),
    "a value where none is wanted": ({"a": "x"}, {"a": None}, ("a",)),
    "a missing item": ({"env": []}, {"env": [{"name": "A"}]}, ("env", "A", "name")),
    "items in another order": (
        {"env": [{"name": "B"}, {"name": "A"}]},
        {"env": [{"name": "A"}, {"name": "B"}]},
        ("env",),
    ),
    "one more word": ({"args": ["a", "b"]}, {"args": ["a"]}, ("args",)),
    "another amount": ({"limits": {"cpu": "2"}}, {"limits": {"cpu": "1"}}, ("limits", "cpu")),
    "false is not nothing": ({}, {"automount": False}, ("automount",)),
    "an env value is text and no amount": (
        {"env": [{"name": "A", "value": "1"}]},
        {"env": [{"name": "A", "value": "1000m"}]},
        ("env", "A", "value"),
    ),
    "a map where a list should be": ({"a": {"b": 1}}, {"a": ["b"]}, ("a",)),
}


@pytest.mark.parametrize("case", SAME)
def test_it_is_as_desired_because(case: str) -> None:
    live, desired = SAME[case]
    assert list(differences(live, desired)) == []


@pytest.mark.parametrize("case", OTHER)
def test_it_differs_by(case: str) -> None:
    live, desired, path = OTHER[case]
    assert path in set(differences(live, desired))
    assert not is_as_desired(live, desired)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "1000m"),
        ("1k", "1000"),
        ("1e3", "1000"),
        ("0.5", "500m"),
        ("1Ei", str(2**60)),
        (1, "1"),
    ],
)
def test_amounts_are_equal_however_they_are_written(one: Any, other: Any) -> None:
    assert are_equal(one, other)


@pytest.mark.parametrize("text", ["", "Gi", "1 Gi", "1Xi", True, None, "v1"])
def test_what_is_no_amount_equals_nothing(text: Any) -> None:
    assert amount_of(text) is None
    assert not are_equal(text, text)


def test_the_digest_follows_the_content_and_not_the_order_of_keys() -> None:
    def digest(spec: Any) -> str:
        applied = with_digest({"metadata": {"name": "a", "annotations": {"x": "y"}}, "spec": spec})
        assert applied["metadata"]["annotations"]["x"] == "y"
        return str(applied["metadata"]["annotations"]["plumbline.dev/applied"])

    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest({"a": 1}) != digest({"a": 1, "b": 2})

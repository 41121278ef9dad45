"""A condition's time is that of its last change, whatever else is said about it."""

from plumbline.engine.transition_times import merge_conditions, with_transition_times

OLD = [{"type": "Ready", "status": "False", "reason": "A", "lastTransitionTime": "then"}]


def test_another_reason_is_no_transition() -> None:
    new = [{"type": "Ready", "status": "False", "reason": "B"}]
    (merged,) = merge_conditions(OLD, new, now="now")
    assert (merged["reason"], merged["lastTransitionTime"]) == ("B", "then")


def test_another_status_and_a_new_condition_are_transitions() -> None:
    new = [{"type": "Ready", "status": "True"}, {"type": "Valid", "status": "True"}]
    assert [c["lastTransitionTime"] for c in merge_conditions(OLD, new, now="now")] == ["now"] * 2


def test_a_condition_that_is_not_wanted_goes() -> None:
    assert merge_conditions(OLD, [], now="now") == []


def test_conditions_say_which_generation_they_have_seen() -> None:
    status = {"observedGeneration": 3, "conditions": [{"type": "Ready", "status": "True"}]}
    (condition,) = with_transition_times(status, {}, now="now")["conditions"]
    assert condition["observedGeneration"] == 3


def test_a_status_without_conditions_stays_as_it_is() -> None:
    assert with_transition_times({"rows": 1}, {"conditions": OLD}, now="now") == {"rows": 1}

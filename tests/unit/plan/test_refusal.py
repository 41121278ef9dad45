"""What an object says when the API server will not have what it needs."""

from plumbline.api import decision
from plumbline.plan.common import conditions
from plumbline.plan.common.refusal import refused

QUOTA = "create Job team/first-train: exceeded quota: small, requested: count/jobs.batch=1"
VALID = {
    "type": "Valid",
    "status": "True",
    "reason": "RulesPassed",
    "message": "All 100 rows pass all rules.",
}


def rows(found: list) -> dict[str, tuple[str, str]]:
    return {each["type"]: (each["status"], each["reason"]) for each in found}


def ready(reason: str) -> list:
    return conditions.of(decision.ready("test", reason, "all is well"))


def test_quota_that_is_used_up_is_waited_for() -> None:
    found = refused([], "QuotaExceeded", QUOTA, passes=True)
    assert rows(found) == {
        "Ready": ("False", "QuotaExceeded"),
        "Reconciling": ("True", "QuotaExceeded"),
    }
    assert "count/jobs.batch=1" in found[0]["message"]
    assert "Plumbline tries again, and continues when the quota allows it." in found[0]["message"]


def test_what_serves_stays_ready_while_quota_holds_up_the_next() -> None:
    found = refused([*ready("RevisionInUse"), VALID], "QuotaExceeded", QUOTA, passes=True)
    assert rows(found) == {
        "Ready": ("True", "RevisionInUse"),
        "Reconciling": ("True", "QuotaExceeded"),
        "Valid": ("True", "RulesPassed"),
    }


def test_an_object_that_had_stalled_waits_when_only_quota_is_left() -> None:
    stalled = decision.stalled("test", "Forbidden", "no")
    found = refused(conditions.of(stalled), "QuotaExceeded", QUOTA, passes=True)
    assert "Stalled" not in rows(found)


def test_what_only_a_person_can_mend_stalls_and_keeps_other_conditions() -> None:
    found = refused([*ready("Watching"), VALID], "Forbidden", "no", passes=False)
    assert rows(found) == {
        "Ready": ("False", "Forbidden"),
        "Stalled": ("True", "Forbidden"),
        "Valid": ("True", "RulesPassed"),
    }

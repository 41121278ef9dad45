"""How far pods have told, and what is lost with one that ends."""

from typing import Any

import pytest
from plumbline.shell.coverage import SILENT_SECONDS, Coverage

T = 1_000_000


def answer(through: int, *, rows: int = 50, boot: str = "a", **more: Any) -> dict[str, Any]:
    """Return what a pod tells that had so many rows in every second."""
    seconds = [{"e": e, "rows": rows} for e in range(through - 5, through + 1)]
    told = {"boot": boot, "through": through, "started": T - 100, "seconds": seconds}
    return {**told, "totals": {"lost": 0}, **more}


def test_a_second_counts_when_the_slowest_pod_has_told_of_it() -> None:
    pods = Coverage()
    pods.hear("left", answer(T), now=T + 1)
    pods.hear("right", answer(T - 1), now=T + 1)
    pods.advance(["left", "right"], now=T + 1)
    assert pods.through == T - 1


def test_drift_is_looked_for_on_when_a_pod_has_ended() -> None:
    pods = Coverage()
    pods.hear("old", answer(T), now=T + 1)
    pods.advance(["old"], now=T + 1)
    for second in range(1, 10):
        pods.hear("new", answer(T + second), now=T + second + 1)
        pods.advance(["new"], now=T + second + 1)
    assert pods.through == T + 9


def test_a_pod_that_answers_nobody_does_not_blind_the_monitor() -> None:
    pods = Coverage()
    pods.hear("stuck", answer(T), now=T + 1)
    for second in range(1, 10):
        pods.hear("well", answer(T + second), now=T + second + 1)
        pods.advance(["stuck", "well"], now=T + second + 1)
    assert pods.through == T + 9
    assert SILENT_SECONDS < 9


def test_a_second_is_never_taken_back() -> None:
    pods = Coverage()
    pods.hear("left", answer(T), now=T + 1)
    pods.advance(["left"], now=T + 1)
    pods.hear("late", answer(T - 3), now=T + 1)
    pods.advance(["left", "late"], now=T + 1)
    assert pods.through == T


def test_the_rows_of_a_killed_pod_since_its_last_word_are_told_as_lost() -> None:
    pods = Coverage()
    for second in range(5):
        pods.hear("killed", answer(T + second), now=T + second + 1)
        pods.advance(["killed"], now=T + second + 1)
    pods.advance([], now=T + 6)
    assert pods.lost == 50


def test_a_pod_that_was_drained_takes_nothing_along() -> None:
    pods = Coverage()
    pods.hear("drained", answer(T), now=T + 1)
    pods.hear("drained", {**answer(T + 1), "seconds": []}, now=T + 2)
    pods.advance([], now=T + 3)
    assert pods.lost == 0


def test_a_container_that_was_killed_in_its_pod_is_noticed() -> None:
    pods = Coverage()
    pods.hear("pod", answer(T), now=T + 1)
    pods.hear("pod", answer(T + 30, boot="b", started=T + 29), now=T + 31)
    assert pods.lost == pytest.approx(50, abs=1)


def test_rows_that_a_pod_could_not_count_itself_are_lost_once() -> None:
    pods = Coverage()
    pods.hear("pod", answer(T), now=T + 1)
    for second in (1, 2):
        told = answer(T + second, totals={"lost": 7})
        pods.hear("pod", told, now=T + second + 1)
    assert pods.lost == 7


def test_a_quiet_pod_loses_no_rows_that_it_never_had() -> None:
    pods = Coverage()
    pods.hear("idle", answer(T, rows=0), now=T + 1)
    pods.advance([], now=T + 60)
    assert pods.lost == 0

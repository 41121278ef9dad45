"""How far pods have reported, and what is lost with one that ends."""

from typing import Any

from msgspec import structs
from plumbline.contract.control import ControlReply, Totals
from plumbline.live.watermark import SILENT_SECONDS, Watermark
from plumbline.live.windows import KEPT
from plumbline.stats.windows import LONGEST

from tests.unit.live.wire import reply, span

T = 1_000_000


def answer(through: int, *, rows: int = 50, boot: str = "a", **more: Any) -> ControlReply:
    """Return what a pod tells that had so many rows in every second."""
    spans = [span(e, rows) for e in range(through - 5, through + 1)]
    told = {"boot": boot, "through": through, "started": T - 100, "now": through + 1}
    return structs.replace(reply(**told), spans=spans, **more)


def test_a_second_counts_when_the_slowest_pod_has_told_of_it() -> None:
    pods = Watermark()
    pods.report("left", answer(T), now=T + 1)
    pods.report("right", answer(T - 1), now=T + 1)
    pods.advance(["left", "right"], now=T + 1)
    assert pods.through == T - 1


def test_drift_is_looked_for_on_when_a_pod_has_ended() -> None:
    pods = Watermark()
    pods.report("old", answer(T), now=T + 1)
    pods.advance(["old"], now=T + 1)
    for second in range(1, 10):
        pods.report("new", answer(T + second), now=T + second + 1)
        pods.advance(["new"], now=T + second + 1)
    assert pods.through == T + 9


def test_a_pod_that_answers_nobody_does_not_blind_the_monitor() -> None:
    pods = Watermark()
    pods.report("stuck", answer(T), now=T + 1)
    for second in range(1, 10):
        pods.report("well", answer(T + second), now=T + second + 1)
        pods.advance(["stuck", "well"], now=T + second + 1)
    assert pods.through == T + 9
    assert SILENT_SECONDS < 9


def test_a_second_is_never_taken_back() -> None:
    pods = Watermark()
    pods.report("left", answer(T), now=T + 1)
    pods.advance(["left"], now=T + 1)
    pods.report("late", answer(T - 3), now=T + 1)
    pods.advance(["left", "late"], now=T + 1)
    assert pods.through == T


def test_the_rows_of_a_killed_pod_since_its_last_word_are_told_as_lost() -> None:
    pods = Watermark()
    for second in range(5):
        pods.report("killed", answer(T + second), now=T + second + 1)
        pods.advance(["killed"], now=T + second + 1)
    pods.advance([], now=T + 6)
    assert pods.rows_lost == 50


def test_what_a_killed_pod_had_told_of_the_second_under_way_is_not_lost() -> None:
    pods, begun = Watermark(), span(T + 1, 20)
    pods.report("pod", answer(T, open_spans=[begun]), now=T + 1.4)
    pods.advance(["pod"], now=T + 1.4)
    assert pods.take_leftover() == []
    pods.advance([], now=T + 2.4)
    assert (pods.take_leftover(), pods.take_leftover(), pods.rows_lost) == ([begun], [], 50)


def test_a_pod_that_has_told_all_before_its_end_takes_nothing_along() -> None:
    pods = Watermark()
    pods.report("drained", answer(T), now=T + 1)
    pods.report("drained", answer(T + 1, is_last=True), now=T + 1)
    pods.advance([], now=T + 60)
    assert pods.rows_lost == 0


def test_a_pod_that_has_told_all_before_its_end_is_not_waited_for() -> None:
    pods = Watermark()
    pods.report("drained", answer(T, is_last=True), now=T + 1)
    pods.report("well", answer(T + 2), now=T + 3)
    pods.advance(["drained", "well"], now=T + 3)
    assert pods.through == T + 2


def test_a_container_that_was_killed_in_its_pod_is_noticed() -> None:
    pods = Watermark()
    pods.report("pod", answer(T), now=T + 1)
    pods.report("pod", answer(T + 30, boot="b", started=T + 2), now=T + 31)
    assert pods.rows_lost == 50


def test_a_container_that_waits_long_for_its_next_start_loses_nothing_meanwhile() -> None:
    pods = Watermark()
    pods.report("pod", answer(T), now=T + 1)
    for second in range(2, 300):
        pods.refused("pod", now=T + second)
    pods.report("pod", answer(T + 302, boot="b", started=T + 300), now=T + 303)
    assert pods.rows_lost == 50


def test_a_refusal_is_no_end_of_a_pod_that_answers_again() -> None:
    pods = Watermark()
    pods.report("pod", answer(T), now=T + 1)
    pods.refused("pod", now=T + 2)
    pods.report("pod", answer(T + 2), now=T + 3)
    pods.advance([], now=T + 5)
    assert pods.rows_lost == 2 * 50


def test_rows_that_come_too_late_are_lost_unless_the_pod_is_new_to_the_operator() -> None:
    pods = Watermark()
    pods.report("pod", answer(T), now=T + 1, late=900)
    assert pods.rows_lost == 0
    pods.report("pod", answer(T + 9000), now=T + 9001, late=12)
    assert pods.rows_lost == 12


def test_a_pod_is_asked_for_what_is_still_judged_and_then_for_what_is_new() -> None:
    pods = Watermark()
    assert pods.since("pod") == -LONGEST
    pods.report("pod", answer(T), now=T + 1)
    pods.advance(["pod"], now=T + 1)
    assert (pods.since("pod"), pods.since("other"), pods.after) == (T, -LONGEST, T - KEPT)


def test_rows_that_a_pod_could_not_count_itself_are_lost_once() -> None:
    pods = Watermark()
    pods.report("pod", answer(T), now=T + 1)
    for second in (1, 2):
        told = answer(T + second, totals=Totals(lost=7))
        pods.report("pod", told, now=T + second + 1)
    assert pods.rows_lost == 7


def test_a_quiet_pod_loses_no_rows_that_it_never_had() -> None:
    pods = Watermark()
    pods.report("idle", answer(T, rows=0), now=T + 1)
    pods.advance([], now=T + 60)
    assert pods.rows_lost == 0

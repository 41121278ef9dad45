"""A line must be found by its message, read by people and machines, and forged by nobody."""

import asyncio
import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from plumbline import log, log_lines

Written = Callable[[], list[str]]
Configured = Callable[..., Written]


@pytest.fixture
def configured() -> Iterator[Configured]:
    """Return a function that configures the log and returns what is written from then on."""
    root, ours = logging.getLogger(), logging.getLogger("plumbline")
    before = root.handlers[:], root.level, ours.level

    def configure(**environment: str) -> Written:
        stream = io.StringIO()
        log_lines.configure(
            {f"PLUMBLINE_LOG_{k}": v for k, v in environment.items()}, stream=stream
        )
        return lambda: stream.getvalue().splitlines()

    yield configure
    root.handlers[:], level, own = before
    root.setLevel(level)
    ours.setLevel(own)


ours = log.get_logger("plumbline.test")


def stamped(line: str) -> str:
    """Return a text line without its time."""
    time, rest = line.split(" ", 1)
    assert time.endswith("Z")
    return rest


def test_a_line_is_a_constant_message_with_keys_and_values(configured: Configured) -> None:
    written = configured()
    ours.info("reconciled", wrote=["created Job a", "status"], seconds=0.25, uid=None)
    assert [stamped(line) for line in written()] == [
        'INFO reconciled wrote=["created Job a", "status"] seconds=0.25'
    ]


def test_a_program_reads_each_line_as_one_object(configured: Configured) -> None:
    written = configured(FORMAT="json")
    ours.warning("no luck", error=ValueError('a "b"\nc'), times=3, share=float("nan"))
    (line,) = written()
    found = json.loads(line, parse_constant=lambda name: pytest.fail(name))
    assert found.pop("time").endswith("Z")
    assert found == {
        "level": "warning",
        "logger": "plumbline.test",
        "msg": "no luck",
        "error": 'ValueError: a "b"\nc',
        "times": 3,
        "share": "nan",
    }


def test_a_value_cannot_take_the_place_of_what_the_line_says_itself(configured: Configured) -> None:
    written = configured(FORMAT="json")
    ours.info("decided", msg="a", level="b", message="c", reason="d", name="e")
    found = json.loads(written()[0])
    assert (found["msg"], found["level"]) == ("decided", "info")
    assert (found["message"], found["reason"], found["name"]) == ("c", "d", "e")


EVIL = "a\n2026-01-01T00:00:00.000Z ERROR forged\r\x1b[2J\x9b2J\u2028\u202e"


@pytest.mark.parametrize("form", log_lines.FORMATS)
def test_no_value_message_or_trace_can_forge_a_line(configured: Configured, form: str) -> None:
    written = configured(FORMAT=form)
    logging.getLogger("other").error("said %s", EVIL)
    ours.exception("failed", ValueError(EVIL), value=EVIL, nested={"a": [EVIL]})
    with log.bound(name=EVIL):
        ours.info("bound")
    starts = [line for line in written() if not line.startswith("    ")]
    assert len(starts) == 3
    assert all(line.isprintable() for line in written())


def test_what_has_several_lines_stays_readable_in_a_terminal(configured: Configured) -> None:
    written = configured()
    ours.info("judged", card="# late-1\n\n| a | b |", run="late-1")
    head, *block = written()
    assert stamped(head) == "INFO judged run=late-1"
    assert block == ["    card:", "    # late-1", "    ", "    | a | b |"]


def test_a_line_carries_what_its_task_and_its_process_are_about(configured: Configured) -> None:
    written = configured(BOUND="kind=TrainingRun, name=late-1,")

    async def work(name: str) -> None:
        with log.bound(name=name, generation=2):
            await asyncio.sleep(0)
            ours.info("worked")

    async def two() -> None:
        await asyncio.gather(work("a"), work("b"))
        ours.info("ended")

    asyncio.run(two())
    assert [stamped(line) for line in written()] == [
        "INFO worked name=a generation=2 kind=TrainingRun",
        "INFO worked name=b generation=2 kind=TrainingRun",
        "INFO ended kind=TrainingRun name=late-1",
    ]


def test_what_other_libraries_say_takes_the_same_form(configured: Configured) -> None:
    written = configured(FORMAT="json")
    about = {"apiVersion": "v1", "kind": "Dataset", "namespace": "team", "name": "a", "uid": "u"}
    logging.getLogger("kopf.objects").warning("%s failed", "it", extra={"k8s_ref": about})
    logging.getLogger("uvicorn.error").info("of no use to anybody")
    (line,) = written()
    found: dict[str, Any] = json.loads(line)
    assert found["msg"] == "it failed"
    assert (found["kind"], found["namespace"], found["name"]) == ("Dataset", "team", "a")


def test_a_page_of_html_in_an_error_is_cut(configured: Configured) -> None:
    written = configured()
    ours.warning("refused", error=ValueError("x" * 10**6))
    assert len(written()[0]) < 2 * log_lines.LONGEST


@pytest.mark.parametrize("form", log_lines.FORMATS)
def test_a_page_of_html_in_a_trace_is_cut(configured: Configured, form: str) -> None:
    written = configured(FORMAT=form)
    ours.exception("failed", ValueError("x" * 10**6))
    assert len("".join(written())) < 2 * log_lines.LONGEST
    assert "ValueError: xxx" in written()[-1]


def test_the_level_is_chosen_for_our_own_lines_only(configured: Configured) -> None:
    written = configured(LEVEL="DEBUG")
    ours.debug("seen")
    logging.getLogger("aiohttp").debug("authorization: secret")
    assert [stamped(line) for line in written()] == ["DEBUG seen"]


@pytest.mark.parametrize(("name", "value"), [("FORMAT", "xml"), ("LEVEL", "loud")])
def test_a_form_or_level_that_does_not_exist_is_named_and_ends_nothing(
    configured: Configured, name: str, value: str
) -> None:
    written = configured(**{name: value})
    (line,) = written()
    assert f"variable=PLUMBLINE_LOG_{name} value={value} allowed=" in line
    ours.info("goes on")
    assert stamped(written()[-1]) == "INFO goes on"


def test_where_an_error_arose_can_be_said_without_the_words_that_may_quote_a_row() -> None:
    words = "a person's name"
    try:
        try:
            raise KeyError(words)
        except KeyError as first:
            raise ValueError(words) from first
    except ValueError as error:
        found = log.frames(error)
    assert found.index("KeyError") < found.index("ValueError")
    assert found.count("test_log.py") == 2
    assert words not in found


def test_only_what_differs_from_the_usual_is_passed_on() -> None:
    usual = {"PLUMBLINE_LOG_FORMAT": "text", "PLUMBLINE_LOG_LEVEL": "INFO", "OTHER": "x"}
    assert log_lines.passed_on(usual) == log_lines.passed_on({}) == {}
    wanted = {"PLUMBLINE_LOG_FORMAT": "json", "PLUMBLINE_LOG_LEVEL": "DEBUG"}
    assert log_lines.passed_on(usual | wanted) == wanted

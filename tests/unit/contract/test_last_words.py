"""A step and the operator mean the same by a step's last words, whatever else a log may hold."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from socket import gethostname
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from plumbline.contract import last_words
from plumbline.contract.last_words import Failure, Success
from plumbline.store import Store

from tests.unit.plan.rollout_story import RolloutStory, run

SOURCE = Path(__file__).parents[3] / "operator" / "src"
DIGEST = "sha256:" + "a" * 64
TEXT = st.text(st.characters(exclude_categories=()), max_size=3000)


def fetched(store: str, manifest: str, folder: Path) -> tuple[int, str]:
    """Run serving's fetch as the pod does; return its exit code and its termination message."""
    log = folder / "termination-log"
    env = {
        **{name: text for name, text in os.environ.items() if not name.startswith("AWS_")},
        "PYTHONPATH": str(SOURCE),
        "PLUMBLINE_STORE_URL": store,
        "PLUMBLINE_MODEL_MANIFEST": manifest,
        "PLUMBLINE_TERMINATION_LOG": str(log),
        # Nobody listens on port 1.
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    command = [sys.executable, "-m", "plumbline.serving", "fetch", "--model", str(folder / "model")]
    ended = subprocess.run(command, env=env, check=False, capture_output=True, timeout=120)
    return ended.returncode, log.read_text()


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    """Return how a fetch ends while the store is away."""
    return fetched("s3://plumbline-team", DIGEST, tmp_path_factory.mktemp("away"))


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    """Return how a fetch of a damaged model ends."""
    folder = tmp_path_factory.mktemp("damaged")
    url = f"file://{folder / 'store'}"
    store = Store.open(url)
    blob = store.put_blob(b"weights")
    files = [{"path": "model.json", "bytes": 7, "blob": blob}]
    manifest = store.put_manifest({"kind": "Model", "model": {"files": files}})
    name = blob.removeprefix("sha256:")
    (folder / "store" / "blobs" / "sha256" / name[:2] / name).write_bytes(b"weightz")
    return fetched(url, manifest, folder)


def fetched_files(folder: Path, *files: dict[str, str]) -> Any:
    """Fetch a model of these files; return the exit code and the last words."""
    url = f"file://{folder / 'store'}"
    manifest = {"kind": "Model", "model": {"files": list(files)} if files else None}
    digest = Store.open(url).put_manifest(manifest)
    code, said = fetched(url, digest, folder)
    return code, last_words.read(said)


def test_a_folder_that_cannot_be_made_makes_no_model_bad_for_good(tmp_path: Path) -> None:
    (tmp_path / "model").write_text("not a folder")
    code, said = fetched_files(tmp_path, {"path": "model.json", "blob": DIGEST})
    assert (code, said.reason, said.temporary) == (last_words.INTERNAL_ERROR, "StepBroken", None)
    assert said.message.startswith(f"Downloading the model failed: {tmp_path / 'model'}: ")
    assert "Error" not in said.message
    assert f"kubectl logs {gethostname()} -c fetch" in said.message


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ({"path": "model.json", "blob": "sha256:zz"}, "not a digest"),
        ({"path": "a\0b", "blob": DIGEST}, "outside its folder"),
        (None, "names no files"),
    ],
)
def test_a_manifest_that_cannot_be_served_is_final_and_says_why(
    tmp_path: Path, file: dict[str, str] | None, what: str
) -> None:
    code, said = fetched_files(tmp_path, *([file] if file else []))
    assert (code, said.reason, said.temporary) == (last_words.USER_ERROR, "ModelInvalid", False)
    assert what in said.message


def ended(code: int, message: str) -> dict[str, Any]:
    """Return a fetch that has ended so, as the kubelet tells of it."""
    return {"name": "fetch", "state": {"terminated": {"exitCode": code, "message": message}}}


def stages(world: RolloutStory, away: tuple[int, str]) -> Iterator[list[dict[str, Any]]]:
    """Yield how the kubelet tells of a store that is away, tried again, and back."""
    yield [ended(*away)]
    before = ended(*away)["state"]
    yield [{"name": "fetch", "state": {"running": {}}, "lastState": before}]
    fetch = {"terminated": {"exitCode": 0, "finishedAt": world.now.isoformat()}}
    server = {"name": "server", "ready": False, "state": {"running": {}}}
    yield [{"name": "fetch", "ready": True, "state": fetch, "lastState": before}, server]


def rolling_out() -> RolloutStory:
    """Return a deployment whose second model is about to start as a canary."""
    world = RolloutStory(run("one"))
    world.roll_out()
    world.add(run("two", revision=2))
    world.settle(start_pods=False)
    assert world.rolling_out == "two"
    return world


def test_a_store_that_is_away_is_temporary_in_word_and_code(away: tuple[int, str]) -> None:
    code, text = away
    word = last_words.read(text)
    assert isinstance(word, Failure)
    assert (code, word.reason, word.temporary) == (75, "StoreUnreachable", True)


def test_a_damaged_model_is_final_in_word_and_code(damaged: tuple[int, str]) -> None:
    code, text = damaged
    word = last_words.read(text)
    assert isinstance(word, Failure)
    assert (code, word.reason, word.temporary) == (64, "ModelDamaged", False)


def test_a_store_that_is_away_for_an_hour_rejects_no_good_canary(away: tuple[int, str]) -> None:
    world = rolling_out()
    world.wait(3600)
    for statuses in stages(world, away):
        world.break_pods(world.canary.identity, *statuses)
        world.settle()
        assert (world.rolling_out, world.status.get("rejected", [])) == ("two", [])
    world.mend_pods()
    world.start_pods()
    world.roll_out()
    assert world.serving == "two"


def test_a_canary_that_does_not_start_once_the_store_is_back_is_given_up(
    away: tuple[int, str],
) -> None:
    world = rolling_out()
    world.wait(3600)
    world.break_pods(world.canary.identity, *list(stages(world, away))[-1])
    world.wait(601)
    world.settle()
    assert [each["reason"] for each in world.status["rejected"]] == ["ProgressDeadlineExceeded"]


def test_a_store_that_is_away_is_said_with_what_the_step_said(away: tuple[int, str]) -> None:
    world = rolling_out()
    world.break_pods(world.canary.identity, ended(*away))
    world.settle()
    assert world.condition("Progressing")["reason"] == "StoreUnreachable"
    assert "cannot connect" in world.condition("Progressing")["message"]


def test_a_store_that_is_away_stalls_no_first_model(away: tuple[int, str]) -> None:
    world = RolloutStory(run("one"))
    world.settle(start_pods=False)
    world.break_pods(world.canary.identity, ended(*away))
    for seconds in (2, 3600):
        world.wait(seconds)
        world.settle()
        assert world.condition("Stalled")["status"] == "absent"
    assert world.condition("Reconciling")["reason"] == "StoreUnreachable"
    world.mend_pods()
    world.roll_out()
    assert world.serving == "one"


def test_a_damaged_model_is_rejected_at_once(damaged: tuple[int, str]) -> None:
    world = rolling_out()
    world.break_pods(world.canary.identity, ended(*damaged))
    world.settle()
    assert [each["reason"] for each in world.status["rejected"]] == ["ModelDamaged"]


def test_a_word_that_does_not_say_whether_it_is_final_rejects_nothing_at_once() -> None:
    world = rolling_out()
    world.break_pods(world.canary.identity, ended(64, '{"reason": "Odd", "message": "It is odd."}'))
    world.settle()
    assert (world.rolling_out, world.status.get("rejected", [])) == ("two", [])


@pytest.mark.parametrize("temporary", [True, False])
def test_the_json_key_is_the_one_that_older_operators_and_servers_know(temporary: bool) -> None:
    word = Failure(reason="Odd", message="it is.", temporary=temporary)
    wire = {"reason": "Odd", "message": "it is.", "retry": temporary}
    assert json.loads(last_words.encode(word)) == wire
    assert word.exit_code == (75 if temporary else 64)


@pytest.mark.parametrize("retry", ["no", 0, [], {}, None])
def test_a_retry_that_is_neither_true_nor_false_says_nothing(retry: Any) -> None:
    found = last_words.read(json.dumps({"reason": "Odd", "retry": retry}))
    assert isinstance(found, Failure)
    assert found.temporary is None


def test_a_long_message_is_cut_no_more_than_it_must_be() -> None:
    for length in range(900, 1100):
        text = last_words.encode(Failure(reason="Odd", message="é" + "x" * length))
        assert len(text) in (length + 34, 1023, 1024), "the whole message, or all that fits"
        assert "é".encode() in text


@example("x" * 3000, True)
@example('"' * 3000, False)
@example("\ud800" * 2000, None)
@given(TEXT, st.sampled_from([True, False, None]))
def test_a_failure_is_read_as_it_was_meant_and_fits_whatever_its_sentence(
    message: str, temporary: bool | None
) -> None:
    text = last_words.encode(Failure(reason="Odd", message=message, temporary=temporary))
    found = last_words.read(text.decode())
    assert len(text) <= 1024
    assert isinstance(found, Failure)
    assert (found.reason, found.temporary) == ("Odd", temporary)
    whole = message.encode(errors="replace").decode()
    assert found.message == whole or whole.startswith(found.message.removesuffix("..."))


@example("\u20ac" * 3000)
@given(TEXT)
def test_a_success_names_its_manifest_whatever_its_sentence(message: str) -> None:
    word = Success(digest=DIGEST, verdict="Invalid", uid="u", reason="Null", message=message)
    text = last_words.encode(word)
    found = last_words.read(text.decode())
    assert len(text) <= 1024
    assert isinstance(found, Success)
    assert (found.digest, found.verdict, found.uid, found.reason) == (
        DIGEST,
        "Invalid",
        "u",
        "Null",
    )


@given(st.text() | st.recursive(st.text() | st.none(), st.lists).map(json.dumps))
def test_any_log_is_read_and_is_none_of_ours(text: str) -> None:
    assert last_words.read(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "[" * 4096,
        '{"digest": "sha256:zz"}',
        '{"digest": 7}',
        '{"reason": "no word of ours"}',
        '{"reason": ["Odd"]}',
        '{"retry": false}',
    ],
)
def test_what_only_looks_like_ours_is_not(text: str) -> None:
    assert last_words.read(text) is None


@pytest.mark.parametrize("start", [f'{{"digest": "{DIGEST}"', '{"retry": true'])
def test_no_container_can_say_what_a_condition_cannot_hold(start: str) -> None:
    said = last_words.read(start + ', "reason": "OutOfInk", "message": "half \\ud800"}')
    assert said
    assert (said.reason, said.message) == ("OutOfInk", "half ?")
    odd = last_words.read(start + ', "reason": "no such word!", "message": "m"}')
    assert odd is None or odd.reason == ""

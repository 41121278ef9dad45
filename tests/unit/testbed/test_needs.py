"""The test bed says what it lacks before it does anything, and never pretends to have done it."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "hack" / "testbed"))

import build
import packages
import paths
import shell


def test_all_that_is_missing_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.sys, "platform", "darwin")
    monkeypatch.setattr(packages.os, "geteuid", lambda: 501)
    with pytest.raises(shell.TestbedError, match="needs Linux, root"):
        packages.check()


def test_an_old_python_is_named_before_it_stumbles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    with pytest.raises(SystemExit, match="use Python 3"):
        runpy.run_path(str(Path(shell.__file__).with_name("__main__.py")))


def test_a_long_step_is_not_taken_for_one_that_hangs(monkeypatch, capsys) -> None:
    monkeypatch.setattr(shell, "SECONDS_OF_SILENCE", 0.01)
    with shell.step("building"):
        shell.wait("a word", lambda: "so far" in capsys.readouterr().err, seconds=10)
    told = capsys.readouterr().err
    assert told.splitlines()[-1].startswith("testbed: building: ")
    assert "so far" not in told.splitlines()[-1]


def test_no_cluster_is_left_where_the_cache_goes(monkeypatch, tmp_path: Path) -> None:
    ended = []
    main = runpy.run_path(str(Path(shell.__file__).with_name("__main__.py")))
    monkeypatch.setattr(paths, "CACHE", tmp_path)
    monkeypatch.setattr(main["teardown"], "down", lambda cluster, keep: ended.append(cluster.name))
    for name in ("pl", "tb12"):
        (tmp_path / "state" / name).mkdir(parents=True)
    main["down"](main["_parser"]().parse_args(["down", "--all"]))
    assert ended == ["pl", "tb12"]


def test_programs_are_built_without_a_c_compiler_and_in_somebody_elses_clone(
    monkeypatch, tmp_path: Path
) -> None:
    calls: list[tuple[tuple[str, ...], dict[str, str]]] = []
    monkeypatch.setattr(build, "run", lambda *words, **env: calls.append((words, env)))
    for static in (True, False):
        build._compile(build.Set("pause", (".",), static=static), tmp_path / str(static))
    assert [env.get("CGO_ENABLED") for _, env in calls] == ["0", None]
    assert all("-buildvcs=false" in words for words, _ in calls)


def test_an_image_for_a_cluster_that_is_not_there_is_not_loaded(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            Path(shell.__file__).parent,
            "load",
            "--name",
            "nobody",
            "plumbline.local/server:dev",
        ],
        env={"PLUMBLINE_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "testbed: Cluster nobody is not up. Run make cluster.\n"

"""What make would run, asked of make itself."""

import os
import pwd
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def would_run(*words: str, **env: str) -> "subprocess.CompletedProcess[str]":
    """Return what make says that it would run, were nothing done yet."""
    return make("--dry-run", "--always-make", *words, **env)


def make(*words: str, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run make as a shell would, whoever has started the tests; empty variables are unset."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")} | env
    environment = {name: value for name, value in environment.items() if value}
    words = ("make", *words)
    return subprocess.run(
        words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_installing_never_touches_an_environment_that_is_active() -> None:
    done = would_run("install", VIRTUAL_ENV="/home/somebody/else")
    lines = [line for line in done.stdout.splitlines() if "uv pip" in line]
    assert len(lines) == 2
    assert all("--python .venv/bin/python" in line for line in lines)


def test_parallel_jobs_never_bring_images_to_a_cluster_that_is_not_there(tmp_path: Path) -> None:
    order = tmp_path / "order"
    recipe = f"SHELL = {tmp_path}/slow"
    (tmp_path / "slow").write_text(
        f'#!/bin/bash\ncase "${{!#}}" in *"cluster up") sleep .3; esac\necho "${{!#}}" >> {order}\n'
    )
    (tmp_path / "slow").chmod(0o755)
    make("-j4", "--old-file=install", "deploy", recipe, "CLUSTER=testbed")
    steps = [line for line in order.read_text().splitlines() if line.startswith("hack/cluster")]
    assert steps == ["hack/cluster up", "hack/cluster images", "hack/cluster deploy"]


@pytest.mark.parametrize("target", ["test", "demo", "prove"])
def test_nothing_runs_where_the_cluster_cannot_be_found(target: str, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    (tmp_path / "python").write_text(f"#!/bin/sh\ntouch {ran}\n")
    (tmp_path / "python").chmod(0o755)
    done = make(
        f"{target}",
        *(f"--old-file={name}" for name in ("lint", "verify", "unit", "deploy")),
        "CLUSTER=kid",
        f"PY={tmp_path}/python",
        f"VENV={tmp_path}",
    )
    assert done.returncode != 0
    assert "CLUSTER is 'kid'" in done.stderr
    assert not ran.exists()


def test_a_cache_that_make_cannot_name_is_refused_by_its_name(tmp_path: Path) -> None:
    done = would_run("install", CACHE="/home/some body/cache")
    assert done.returncode != 0
    assert "CACHE is '/home/some body/cache': use a path without spaces" in done.stderr


def test_a_service_without_a_home_uses_that_of_its_user() -> None:
    done = would_run("install", HOME="")
    home = pwd.getpwuid(os.getuid()).pw_dir
    assert f"python3 -m venv {home}/.cache/plumbline/uv" in done.stdout


def test_a_cache_given_from_here_is_the_same_from_anywhere() -> None:
    done = would_run("install", "CACHE=build/cache")
    assert f"python3 -m venv {ROOT}/build/cache/uv" in done.stdout

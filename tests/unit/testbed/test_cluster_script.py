"""hack/cluster speaks to the cluster that was named and to no other; the programs are stand-ins."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "hack" / "cluster"
STAND_IN = '#!/bin/sh\necho "$(basename "$0") KUBECONFIG=$KUBECONFIG $*" >> "$CALLS"\n'


@pytest.fixture(name="calls")
def _calls(tmp_path: Path) -> Path:
    """Return where the stand-ins write down how they were called."""
    (tmp_path / "bin").mkdir()
    for name in ("kubectl", "helm", "kind", "docker"):
        program = tmp_path / "bin" / name
        program.write_text(STAND_IN)
        program.chmod(0o755)
    calls = tmp_path / "calls"
    calls.touch()
    return calls


def cluster(calls: Path, command: str, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of the script in a home with a space in its name."""
    home = calls.parent / "a home"
    home.mkdir(exist_ok=True)
    path = {"HOME": str(home), "CALLS": str(calls), "PATH": f"{calls.parent}/bin:/usr/bin:/bin"}
    environment = {k: v for k, v in os.environ.items() if k == "LANG"} | path | env
    words = [str(SCRIPT), command]
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", ["up", "images", "deploy", "env", "down"])
def test_a_mistyped_cluster_touches_no_cluster_at_all(calls: Path, command: str) -> None:
    done = cluster(calls, command, CLUSTER="kid", KUBECONFIG="/etc/production.kubeconfig")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "CLUSTER is 'kid'. Use testbed, kind or context.\n"
    assert calls.read_text() == ""


@pytest.mark.parametrize("command", ["up", "deploy", "down"])
def test_a_program_that_is_missing_is_named(calls: Path, command: str) -> None:
    (calls.parent / "bin" / "helm").unlink()
    done = cluster(calls, command, CLUSTER="kind")
    assert done.returncode == 2
    assert done.stderr == "CLUSTER=kind needs helm, which is not in the PATH. Install it.\n"


def test_a_list_of_kubeconfigs_is_one_context(calls: Path) -> None:
    done = cluster(calls, "up", CLUSTER="context", KUBECONFIG="/a:/b")
    assert done.returncode == 0, done.stderr
    assert calls.read_text() == "kubectl KUBECONFIG=/a:/b cluster-info\n"


def test_kind_never_changes_the_users_own_kubeconfig(calls: Path) -> None:
    for command in ("up", "down"):
        done = cluster(calls, command, CLUSTER="kind")
        assert done.returncode == 0, done.stderr
    changing = [line for line in calls.read_text().splitlines() if " get " not in line]
    mine = f"--kubeconfig {calls.parent}/a home/.cache/plumbline/kind-pl.kubeconfig"
    assert len(changing) == 3
    assert all(line.endswith(mine) for line in changing)


@pytest.mark.parametrize(("kind", "forgets"), [("kind", True), ("context", False)])
def test_a_deploy_that_was_killed_stops_the_next_one(calls: Path, kind: str, forgets: bool) -> None:
    done = cluster(calls, "deploy", CLUSTER=kind)
    assert done.returncode == 0, done.stderr
    lines = calls.read_text().splitlines()
    install = next(n for n, line in enumerate(lines) if line.startswith("helm"))
    before = [line for line in lines[:install] if "delete secret" in line]
    assert bool(before) is forgets
    assert all("owner=helm,name=plumbline,status in (pending-install" in line for line in before)


@pytest.mark.parametrize("kind", ["testbed", "kind", "context", ""])
def test_a_shell_reads_paths_with_spaces(calls: Path, kind: str) -> None:
    env = {"CLUSTER": kind} if kind else {}
    script = f'source <("{SCRIPT}" env) && echo "$KUBECONFIG"'
    home = calls.parent / "a home"
    home.mkdir()
    path = f"{calls.parent}/bin:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        env={"HOME": str(home), "PATH": path, "CALLS": str(calls), **env},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(f"{home}/.")
    assert done.stdout.endswith("config\n")

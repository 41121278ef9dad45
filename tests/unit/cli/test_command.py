"""The command itself: its start, its help, completion in shells and in kubectl."""

import subprocess
import sys
from pathlib import Path

import pytest
from plumbline.cli.main import VERBS

from tests.unit.cli.running import run

SOURCE = Path(__file__).parents[3] / "operator" / "src" / "plumbline" / "cli"


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from plumbline.cli.main import plumbline;"
        "print(CliRunner().invoke(plumbline, ['--help']).output);"
        "print({'numpy', 'polars', 'pydantic', 'pyarrow'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.endswith("set()\n")
    assert all(f"\n  {verb} " in found.stdout for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_a_file_and_has_help(verb: str) -> None:
    assert (SOURCE / f"{verb}.py").exists()
    found = run(verb, "--help")
    assert found.exit_code == 0
    assert f"Usage: plumbline {verb}" in found.stdout


def test_an_unknown_verb_is_refused() -> None:
    found = run("drfit")
    assert found.exit_code == 2
    assert "drfit" in found.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_the_words(shell: str) -> None:
    assert "_PLUMBLINE_COMPLETE" in run("completion", shell).stdout


def test_kubectl_completes_the_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from plumbline.cli.completion import for_kubectl

    said = []
    for words in (["dr"], ["drift", "--form"], ["drift", ""]):
        monkeypatch.setattr(sys, "argv", ["kubectl_complete-plumbline", *words])
        for_kubectl()
        said.append(capsys.readouterr().out.splitlines())
    assert said[0][0].startswith("drift\t")
    assert said[0][-1] == ":4"
    assert said[1][0].startswith("--format\t")
    assert said[2] == [":0"]


def test_an_error_of_plumbline_is_no_drift(monkeypatch: pytest.MonkeyPatch) -> None:
    from plumbline.cli import main

    monkeypatch.setattr(main, "VERBS", ("nothing",))
    monkeypatch.setattr(sys, "argv", ["plumbline", "nothing"])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 70

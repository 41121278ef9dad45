"""A copy of the code, outside of the repository, in which mutmut may write."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("PLUMBLINE_CACHE") or Path.home() / ".cache" / "plumbline")
WORK = CACHE / "mutants"
NO_CACHES = shutil.ignore_patterns("__pycache__", ".hypothesis")


def lay() -> None:
    """Copy what mutmut needs; it looks for packages in a folder src."""
    shutil.rmtree(WORK, ignore_errors=True)
    shutil.copytree(ROOT / "operator" / "src", WORK / "src", ignore=NO_CACHES)
    shutil.copy2(ROOT / "pyproject.toml", WORK)
    lay_tests()


def lay_tests() -> None:
    """Copy the tests, also over those of the last run."""
    for folder in ("tests", "hack"):
        shutil.copytree(ROOT / folder, WORK / folder, ignore=NO_CACHES, dirs_exist_ok=True)


def mutmut(*names: str, children: int) -> None:
    """Make the mutants if there are none yet, and test these, or all that have no verdict.

    Raises:
        SystemExit: mutmut itself has failed, for example because a test fails without a mutant.
    """
    words = [sys.executable, "-m", "mutmut", "run", "--max-children", str(children), *names]
    ended = subprocess.run(words, cwd=WORK, check=False, stdout=subprocess.PIPE, text=True)
    if ended.returncode:
        sys.exit(ended.stdout[-5000:] + "\nmutmut has failed; the lines above say why.")

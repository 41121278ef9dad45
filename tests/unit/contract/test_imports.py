"""What serving starts with stays light: pydantic would cost it half a second and 34 MB."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3] / "operator" / "src"
# What the two steps of a serving pod import, at their start and later.
STARTS = {
    "serve": "plumbline.serving.server, plumbline.serving.engines.linear",
    "serve trees": "plumbline.serving.server, plumbline.serving.engines.trees",
    "fetch": "plumbline.serving.fetch",
    "the entry": "plumbline.serving.__main__",
}
HEAVY = ("pydantic", "plumbline.api", "sklearn", "polars", "kopf")


def loaded_by(modules: str) -> list[str]:
    """Return what a fresh process has loaded once it has imported these."""
    code = f"import sys, json, {modules}; print(json.dumps(sorted(sys.modules)))"
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True)
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("start", STARTS)
def test_a_start_of_serving_loads_neither_pydantic_nor_the_api(start: str) -> None:
    loaded = loaded_by(STARTS[start])
    assert "plumbline.contract.layout" in loaded or start == "fetch"
    assert [each for each in loaded if each.split(".")[0] in HEAVY or each in HEAVY] == []


def test_fetching_and_serving_load_nothing_of_the_jobs() -> None:
    loaded = {each for start in STARTS.values() for each in loaded_by(start)}
    assert [each for each in loaded if each.startswith("plumbline.jobs")] == []

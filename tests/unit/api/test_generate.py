"""What is committed is what the generators write, every time."""

import subprocess
import sys

import pytest

from hack.generate import install
from hack.generate.__main__ import INSTALL, REPOSITORY, files


@pytest.mark.parametrize(("path", "text"), [*files(REPOSITORY)], ids=lambda value: str(value)[:60])
def test_a_committed_file_is_what_the_generator_writes(path, text):
    assert (REPOSITORY / path).read_text() == text, "run `make generate`"


def test_the_plain_manifests_end_with_the_crds_of_today():
    text = (REPOSITORY / INSTALL).read_text()
    assert text == install.manifests(install.head_of(text)), "run `make generate`"


def test_another_process_writes_the_same_bytes(tmp_path):
    command = [sys.executable, "-m", "hack.generate", "--root", str(tmp_path)]
    subprocess.run(command, check=True, env={"PYTHONHASHSEED": "7"})
    written = dict(files(REPOSITORY))
    assert len(written) > 5
    assert {path: (tmp_path / path).read_text() for path in written} == written


def test_the_package_of_the_generators_keeps_the_standard_library_operator_whole():
    assert not (REPOSITORY / "operator" / "__init__.py").exists()

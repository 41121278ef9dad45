"""An image is built again whenever what is in it has changed, and only then."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "hack" / "testbed"))

import images


@pytest.fixture(name="built")
def _built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the tags that were built, in a cache of their own."""
    built: list[str] = []
    monkeypatch.setattr(images, "IMAGES", tmp_path / "images")
    monkeypatch.setattr(images, "base_image", lambda: None)
    monkeypatch.setattr(images, "buildah", lambda *words: built.append("buildah"))

    def archive(tag: str) -> None:
        (tmp_path / "images").mkdir(exist_ok=True)
        images.archive_of(tag).touch()

    monkeypatch.setattr(images, "_archive", archive)
    return built


def build(clone: Path) -> None:
    images.build_image(
        dockerfile=clone / "Dockerfile", tag="it:dev", context=clone, inputs=["src/**/*.py"]
    )


def clone_in(folder: Path) -> Path:
    (folder / "src" / "one").mkdir(parents=True)
    (folder / "src" / "one" / "module.py").write_text("x = 1\n")
    (folder / "Dockerfile").write_text("FROM scratch\n")
    return folder


def test_a_module_that_moved_is_never_missing_in_the_image(built, tmp_path):
    clone = clone_in(tmp_path / "clone")
    build(clone)
    (clone / "src" / "one").rename(clone / "src" / "two")
    build(clone)
    assert len(built) == 2


def test_another_clone_of_the_same_files_builds_nothing(built, tmp_path):
    build(clone_in(tmp_path / "clone"))
    build(clone_in(tmp_path / "other"))
    assert len(built) == 1

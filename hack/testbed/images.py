"""Builds images without a daemon, and keeps them as archives that a node can import."""

import glob
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from paths import BIN, CACHE, IMAGES
from shell import TestbedError, run, step

STORAGE = (
    "--storage-driver",
    "overlay",
    "--root",
    CACHE / "storage",
    "--runroot",
    CACHE / "runroot",
)
BASE = "plumbline.local/python-base:1"
PROGRAMS = {"pause": "pause", "coredns": "coredns", "versitygw": "versitygw"}
PACKAGES = "python3,python3-venv,ca-certificates,libgomp1"


def buildah(*words: str | Path) -> str:
    """Run buildah on the storage in the cache."""
    return run("buildah", *STORAGE, *words)


def archive_of(tag: str) -> Path:
    """Return the path of the archive of an image."""
    return IMAGES / f"{tag.replace('/', '_').replace(':', '_')}.tar"


def system_images() -> None:
    """Build the images of the cluster itself: one static program each."""
    for name, program in PROGRAMS.items():
        tag, binary = f"plumbline.local/{name}:1", (BIN / program).resolve()
        if _is_new(tag, binary.parent.name):
            with step(f"image {tag}"):
                _scratch(tag, binary, program)
                _remember(tag, binary.parent.name)


def base_image() -> None:
    """Build the base of our images: the distribution's Python and a user that is not root."""
    if not _is_new(BASE, PACKAGES):
        return
    with step(f"image {BASE}"):
        root = CACHE / "rootfs.tar"
        run("mmdebstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", root)
        container = buildah("from", "scratch").strip()
        buildah("add", container, root, "/")
        buildah("run", *_isolation(), container, "--", "useradd", "--uid", "65532", "plumbline")
        _commit(container, BASE)
        root.unlink()
        _remember(BASE, PACKAGES)


def build_image(*, dockerfile: Path, tag: str, context: Path, inputs: Iterable[str]) -> None:
    """Build an image from a Dockerfile unless its inputs are the same as last time."""
    base_image()
    key = _content([dockerfile, *_files(context, inputs)], context)
    if not _is_new(tag, key):
        return
    with step(f"image {tag}"):
        arguments = ("--build-arg", f"BASE_IMAGE={BASE}", "--file", dockerfile, "--tag", tag)
        buildah("bud", "--layers", *_isolation(), *arguments, context)
        _archive(tag)
        _remember(tag, key)


def _isolation() -> tuple[str, ...]:
    """Return the options of a build step: no daemon, the host's network and certificates."""
    mounts = ("/etc/ssl/certs:/etc/ssl/certs:ro", "/etc/resolv.conf:/etc/resolv.conf:ro")
    volumes = [word for mount in mounts for word in ("--volume", mount)]
    return ("--isolation", "chroot", "--network", "host", *volumes)


def _scratch(tag: str, binary: Path, program: str) -> None:
    container = buildah("from", "scratch").strip()
    buildah("copy", container, binary, f"/{program}")
    buildah("config", "--entrypoint", f'["/{program}"]', "--user", "65532", container)
    _commit(container, tag)


def _commit(container: str, tag: str) -> None:
    buildah("commit", "--quiet", "--rm", container, tag)
    _archive(tag)


def _archive(tag: str) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    partial = archive_of(tag).with_suffix(".partial")
    partial.unlink(missing_ok=True)
    buildah("push", "--quiet", tag, f"docker-archive:{partial}:{tag}")
    partial.rename(archive_of(tag))


def _files(context: Path, patterns: Iterable[str]) -> list[Path]:
    found = [
        Path(name)
        for pattern in patterns
        for name in glob.glob(str(context / pattern), recursive=True)
    ]
    if not found:
        raise TestbedError(f"The image has no input files in {context}. Check --input.")
    return sorted(found)


def _content(paths: Iterable[Path], context: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        name = os.path.relpath(path, context)
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _is_new(tag: str, key: str) -> bool:
    mark = archive_of(tag).with_suffix(".key")
    return not (archive_of(tag).exists() and mark.exists() and mark.read_text() == key)


def _remember(tag: str, key: str) -> None:
    archive_of(tag).with_suffix(".key").write_text(key)

"""A pod in the test process: folders below a temporary root, an S3 server, and the real entry."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from plumbline.jobs import steps
from plumbline.store import Store

from tests.unit.store import fake_s3
from tests.unit.wording import faults

UID = "11111111-2222-3333-4444-555555555555"


@dataclass(frozen=True)
class Ended:
    """How a step ended: its exit code and its last words."""

    code: int
    words: dict[str, Any]

    @property
    def reason(self) -> str:
        return str(self.words.get("reason", ""))

    @property
    def message(self) -> str:
        return str(self.words.get("message", ""))


@dataclass
class Pods:
    """Pods that share a store and a source bucket `raw`."""

    root: Path
    world: fake_s3.World
    patch: pytest.MonkeyPatch

    def path(self, name: str) -> Path:
        return self.root / name.lstrip("/")

    def upload(self, name: str, content: bytes | str | pl.DataFrame) -> None:
        """Put a file where the business puts it."""
        if isinstance(content, pl.DataFrame):
            content = _csv(content) if name.endswith(".csv") else _parquet(content)
        body = content.encode() if isinstance(content, str) else content
        self.world.buckets.setdefault("raw", {})[name] = body

    def run(self, step: str, task: dict[str, Any] | None = None, **more: dict[str, Any]) -> Ended:
        """Run one step with its task file, as the container would."""
        folder = self.path("/etc/plumbline")
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in {"task": task, **more}.items():
            if content is not None:
                (folder / f"{name}.json").write_text(json.dumps(content))
        log = self.path("/dev/termination-log")
        log.unlink(missing_ok=True)
        code = steps.main([step])
        text = log.read_bytes() if log.exists() else b"{}"
        assert len(text) <= 1024
        ended = Ended(code, json.loads(text))
        assert faults(ended.message) == [], ended.message
        return ended

    @property
    def store(self) -> Store:
        return Store.open()

    def profile(self, schema: dict[str, Any], **changes: Any) -> tuple[Ended, dict[str, Any]]:
        """Run the profile step; return how it ended and its manifest (empty if there is none)."""
        ended = self.run("profile", profile_task(schema, **changes))
        digest = ended.words.get("digest")
        manifest = self.store.get_manifest(digest) if digest else {}
        for each in manifest.get("violations", ()):
            assert faults(each["message"]) == [], each["message"]
        return ended, manifest


def profile_task(schema: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "dataset": {"name": "flights", "namespace": "team", "uid": UID},
        "source": {"uri": "s3://raw/*.csv"},
        "format": "csv",
        "schema": schema,
        "expectations": {},
        "question": None,
        "previous": None,
        "holdoutKey": UID,
        **changes,
    }


@contextmanager
def pods(root: Path, patch: pytest.MonkeyPatch) -> Iterator[Pods]:
    with fake_s3.running() as world:
        for name, value in world.environment().items():
            patch.setenv(name, value)
        patch.setenv("PLUMBLINE_STORE_URL", "s3://plumbline-team")
        patch.setenv("PLUMBLINE_ROOT", str(root))
        yield Pods(root, world, patch)


def _csv(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_csv(buffer)
    return buffer.getvalue()


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()

"""helm for tests: the chart with some values, rendered or installed."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from hack.generate.__main__ import CHART, REPOSITORY

CACHE = Path(os.environ.get("PLUMBLINE_CACHE") or Path.home() / ".cache/plumbline")
HELM = os.environ.get("HELM") or shutil.which("helm") or str(CACHE / "bin/helm")
PATH = str(REPOSITORY / CHART)


class Refused(Exception):
    """Helm said no; the message is its own."""


def helm(*words: str) -> str:
    """Run helm and return what it printed."""
    done = subprocess.run([HELM, *words], capture_output=True, text=True)
    if done.returncode:
        raise Refused(done.stderr)
    return done.stdout


def render(*settings: str, namespace: str = "plumbline-system") -> list[dict[str, Any]]:
    """Return the chart's objects with some values set."""
    return [obj for obj in yaml.safe_load_all(template(*settings, namespace=namespace)) if obj]


def template(*settings: str, namespace: str = "plumbline-system") -> str:
    """Return the chart's text with some values set."""
    words = [word for setting in settings for word in (_flag(setting), setting)]
    return helm("template", "plumbline", PATH, "--namespace", namespace, *words)


def _flag(setting: str) -> str:
    """Return how helm is told; only JSON can say that a list is empty."""
    return "--set-json" if setting.endswith("=[]") else "--set"


def named(
    objects: list[dict[str, Any]], kind: str, name: str, namespace: str = ""
) -> dict[str, Any]:
    """Return one object out of many."""
    return next(
        obj
        for obj in objects
        if (obj["kind"], obj["metadata"]["name"]) == (kind, name)
        and namespace in ("", obj["metadata"].get("namespace"))
    )

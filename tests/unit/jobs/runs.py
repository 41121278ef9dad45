"""A small data set and the Jobs of a run on it."""

import shutil
from typing import Any

import numpy as np
import polars as pl

from tests.unit.jobs.pods import Ended, Pods

RUN_UID = "99999999-8888-7777-6666-555555555555"
HGB = "sklearn.ensemble.HistGradientBoostingClassifier"
SCHEMA: dict[str, Any] = {
    "columns": [
        {"name": "id", "type": "integer"},
        {"name": "temp", "type": "number", "nullable": True, "min": -60, "max": 140},
        {"name": "hour", "type": "integer", "min": 0, "max": 23},
        {"name": "carrier", "type": "string", "nullable": True},
        {"name": "holiday", "type": "boolean"},
        {"name": "delay", "type": "number"},
        {"name": "late", "type": "boolean"},
    ],
    "primaryKey": ["id"],
}
FEATURES = ["temp", "hour", "carrier", "holiday"]


def rows(count: int = 3000, seed: int = 0) -> pl.DataFrame:
    """Return rows whose target can be learnt, with gaps."""
    random = np.random.default_rng(seed)
    temp = random.normal(50, 15, count).clip(-60, 140)
    hour = random.integers(0, 24, count)
    carrier = random.choice(["AA", "B6", "DL", "UA"], count)
    holiday = random.random(count) < 0.1
    score = 0.05 * (temp - 50) + 0.1 * (hour - 12) + 1.0 * (carrier == "B6") + holiday
    frame = pl.DataFrame(
        {
            "id": np.arange(count) + seed * 1_000_000,
            "temp": temp,
            "hour": hour,
            "carrier": carrier,
            "holiday": holiday,
            "delay": 10 * score + random.normal(0, 5, count),
            "late": score + random.logistic(0, 0.7, count) > 0.5,
        }
    )
    gaps = pl.Series(random.random(count) < 0.05)
    return frame.with_columns(
        pl.when(~gaps).then(pl.col("temp")).alias("temp"),
        pl.when(~gaps.reverse()).then(pl.col("carrier")).alias("carrier"),
    )


def question(target: str = "late", **holdout: Any) -> dict[str, Any]:
    task = "Regression" if target == "delay" else "Classification"
    return {"task": task, "target": target, "holdout": holdout}


def revision(pod: Pods, target: str = "late", **changes: Any) -> str:
    """Profile what is in the source and return the manifest's digest."""
    ended, _ = pod.profile(SCHEMA, question=question(target), **changes)
    assert ended.words["verdict"] == "Valid", ended
    return str(ended.words["digest"])


def run_task(dataset: str, pod: Pods, path: str = HGB, **changes: Any) -> dict[str, Any]:
    """Return a frozen spec."""
    manifest = pod.store.get_manifest(dataset)
    params = changes.pop("params", {})
    return {
        "run": {"name": "late-1", "namespace": "team", "uid": RUN_UID},
        "dataset": {
            "name": "flights",
            "revision": 1,
            "digest": manifest["digest"],
            "manifest": dataset,
        },
        "question": manifest["question"],
        "features": FEATURES,
        "trainer": {"estimator": {"import": path, "params": params}},
        "seed": 0,
        "gates": {"metrics": [], "champion": None},
        **changes,
    }


def clean(pod: Pods) -> None:
    """Remove what another pod left."""
    for name in ("data", "model", "features", "labels", "champion", "predictions"):
        shutil.rmtree(pod.path(name), ignore_errors=True)


def trained(pod: Pods, task: dict[str, Any]) -> Ended:
    """Run fetch-training and train."""
    clean(pod)
    fetched = pod.run("fetch-training", task)
    return pod.run("train") if fetched.code == 0 else fetched


def shipped(pod: Pods) -> Ended:
    """Run upload after training has ended."""
    import signal

    from plumbline.jobs import signals

    before = signal.getsignal(signal.SIGTERM)
    signals.remember()
    signal.raise_signal(signal.SIGTERM)
    try:
        return pod.run("upload")
    finally:
        signals.forget()
        signal.signal(signal.SIGTERM, before)


def judged(
    pod: Pods, task: dict[str, Any], training: str, champion: dict[str, Any] | None = None
) -> Ended:
    """Run fetch-judging, predict and judge; return the first that fails, or the judge's end."""
    clean(pod)
    fetched = pod.run("fetch-judging", task, judge={"training": training, "champion": champion})
    if fetched.code:
        return fetched
    predicted = pod.run("predict")
    return pod.run("judge") if predicted.code == 0 else predicted


def whole_run(
    pod: Pods, task: dict[str, Any], champion: dict[str, Any] | None = None
) -> tuple[Ended, dict[str, Any]]:
    """Train, ship and judge; return how it ended and the Model manifest."""
    ended = trained(pod, task)
    assert ended.code == 0, ended
    ended = judged(pod, task, shipped(pod).words["digest"], champion)
    digest = ended.words.get("digest")
    return ended, pod.store.get_manifest(digest) if digest else {}

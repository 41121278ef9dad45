"""What `kubectl get` prints of each kind."""

from collections.abc import Mapping
from typing import Any

Column = Mapping[str, Any]


def _column(
    name: str, path: str, type_: str = "string", *, wide: bool = False, text: str = ""
) -> Column:
    column = {"name": name, "type": type_, "jsonPath": path, "description": text or name}
    return {**column, "priority": 1} if wide else column


def _condition(type_: str, field: str) -> str:
    return f'.status.conditions[?(@.type=="{type_}")].{field}'


_READY = (
    _column("Ready", _condition("Ready", "status"), text="Whether the object keeps its promise"),
    _column("Reason", _condition("Ready", "reason"), text="Why it is ready or not"),
)
_MESSAGE = _column(
    "Message", _condition("Ready", "message"), wide=True, text="What was seen and what to do"
)
_AGE = _column("Age", ".metadata.creationTimestamp", "date", text="Time since its creation")

PRINTER_COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "Dataset": (
        *_READY,
        _column("Revision", ".status.revision", "integer", text="Revision in use"),
        _column("Rows", ".status.rows", "integer", text="Rows of the revision in use"),
        _AGE,
        _column("Fetch", ".status.fetch.outcome", wide=True, text="How the newest fetch ended"),
        _column("Digest", ".status.digest", wide=True, text="Digest of the revision in use"),
        _MESSAGE,
    ),
    "TrainingTemplate": (
        *_READY,
        _column("Dataset", ".spec.datasetRef.name", text="Data to train on"),
        _column("Estimator", ".spec.trainer.estimator.import", text="What is trained"),
        _AGE,
        _column("Image", ".spec.trainer.container.image", wide=True, text="Image that trains"),
        _MESSAGE,
    ),
    "TrainingRun": (
        *_READY,
        _column("Dataset", ".status.dataset.name", text="Data it is pinned to"),
        _column("Revision", ".status.dataset.revision", "integer", text="Revision of the data"),
        _column("Verdict", ".status.verdict", text="Verdict over all gates"),
        _AGE,
        _column("Model", ".status.model.digest", wide=True, text="Digest of the model"),
        _MESSAGE,
    ),
    "ModelDeployment": (
        *_READY,
        _column("Run", ".status.stable.run", text="Run whose model serves"),
        _column("Revision", ".status.stable.revision", "integer", text="Data it was trained on"),
        _column("Replicas", ".status.readyReplicas", "integer", text="Stable pods that are ready"),
        _AGE,
        _column("Canary", ".status.canary.run", wide=True, text="Run whose model is under way"),
        _column("Weight", ".status.canary.weight", "integer", wide=True, text="Its share in %"),
        _column("Since", ".status.stable.since", "date", wide=True, text="Time since promotion"),
        _MESSAGE,
    ),
    "DriftMonitor": (
        *_READY,
        _column("Drifted", _condition("Drifted", "status"), text="Whether live data has drifted"),
        _column("Broken", _condition("DataBroken", "status"), text="Whether live data is broken"),
        _column("LastRun", ".status.lastRun", text="Newest run that it made"),
        _AGE,
        _column("Episode", ".status.episode.id", wide=True, text="Episode under way"),
        _column("Answer", ".status.episode.outcome", wide=True, text="How its answer stands"),
        _MESSAGE,
    ),
}

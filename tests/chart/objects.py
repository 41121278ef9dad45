"""One small valid object of each kind, to change in tests."""

from typing import Any

from plumbline.api.meta import GROUP, VERSION

Object = dict[str, Any]
DIGEST = f"sha256:{'0' * 64}"
SPECS: dict[str, Object] = {
    "Dataset": {
        "source": {"uri": "s3://bucket/*.csv"},
        "format": "csv",
        "schema": {
            "columns": [{"name": "x", "type": "number"}, {"name": "y", "type": "boolean"}],
        },
        "question": {"task": "Classification", "target": "y"},
    },
    "TrainingTemplate": {
        "datasetRef": {"name": "data"},
        "trainer": {
            "estimator": {
                "import": "sklearn.linear_model.LogisticRegression",
                "params": {"max_iter": 100, "C": "0.5"},
            }
        },
    },
    "TrainingRun": {
        "datasetRef": {"name": "data"},
        "trainer": {
            "estimator": {
                "import": "sklearn.linear_model.LogisticRegression",
                "params": {"max_iter": 100, "C": "0.5"},
            }
        },
        "seed": 7,
    },
    "ModelDeployment": {"model": {"runRef": {"name": "run"}}},
    "DriftMonitor": {"deploymentRef": {"name": "model"}},
}


def make(kind: str, namespace: str, name: str = "it", **spec: Any) -> Object:
    """Return a valid object; keywords replace fields of its spec."""
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {**SPECS[kind], **spec},
    }

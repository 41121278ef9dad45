"""The objects that the end-to-end tests apply, small enough to be trained in seconds."""

import random
from typing import Any

from tests.e2e.cluster import API, Object

LOGISTIC = {"estimator": {"import": "sklearn.linear_model.LogisticRegression"}}
COLUMNS = [
    {"name": "heat", "type": "number"},
    {"name": "load", "type": "number"},
    {"name": "site", "type": "string", "values": ["north", "south"]},
    {"name": "fails", "type": "boolean"},
]
QUESTION = {"task": "Classification", "target": "fails"}
TRAINER_IMAGE = "plumbline.local/trainer:dev"


def made(kind: str, name: str, spec: Object, **metadata: Any) -> Object:
    """Return an object of one of our kinds."""
    return {"apiVersion": API, "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}


def config_map(name: str, text: str) -> Object:
    """Return a ConfigMap with one CSV file."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name},
        "data": {"data.csv": text},
    }


def secret(name: str, content: dict[str, str]) -> Object:
    """Return a Secret."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "stringData": content,
    }


Row = tuple[float, float, str]
"""Heat, load and site."""


def usual(chance: random.Random, *, mean: float = 20) -> Row:
    """Return a row as they usually are, or of a warmer place."""
    return chance.gauss(mean, 5), chance.gauss(0, 1), chance.choice(["north", "south"])


def csv(rows: int = 2000, *, seed: int = 1, mean: float = 20) -> str:
    """Return rows whose target follows load and what is hot there, with some noise."""
    chance = random.Random(seed)  # noqa: S311 - rows, not secrets
    lines = ["heat,load,site,fails"]
    for _ in range(rows):
        heat, load, site = usual(chance, mean=mean)
        fails = (heat - mean) / 5 + load + chance.gauss(0, 0.7) > 0
        lines.append(f"{heat:.3f},{load:.3f},{site},{str(fails).lower()}")
    return "\n".join(lines) + "\n"


def dataset(name: str, source: Object, **spec: Any) -> Object:
    """Return a Dataset of the tests' columns."""
    content = {"schema": {"columns": COLUMNS}, "question": QUESTION, "format": "csv"}
    return made("Dataset", name, {"source": source, **content, **spec})


def in_config_map(name: str) -> Object:
    """Return the source that reads a ConfigMap."""
    return {"configMap": {"name": name, "key": "data.csv"}}


def training(name: str, data: str, trainer: Object, **spec: Any) -> Object:
    """Return a TrainingRun of its own, without a template."""
    return made("TrainingRun", name, {"datasetRef": {"name": data}, "trainer": trainer, **spec})


def container(code: str, *, image: str = TRAINER_IMAGE) -> Object:
    """Return a trainer of the user's own: a line of Python."""
    return {"container": {"image": image, "command": ["python", "-c", code]}}


def question(rows: int = 1, *, row: Row = (31.0, 1.5, "north")) -> Object:
    """Return a request that the model answers; to the row that it holds by default with yes."""
    columns = {"heat": "FP64", "load": "FP64", "site": "BYTES"}
    inputs = [
        {"name": name, "datatype": datatype, "shape": [rows], "data": [value] * rows}
        for (name, datatype), value in zip(columns.items(), row, strict=True)
    ]
    return {"inputs": inputs}

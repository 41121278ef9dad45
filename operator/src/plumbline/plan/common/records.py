"""What plans read of the manifests that Jobs wrote; anything else in them is not looked at."""

import json
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from plumbline.api.meta import Digest, Observed
from plumbline.api.objects import Manifest
from plumbline.api.v1alpha1.dataset import Violation
from plumbline.api.v1alpha1.training_run import GateResult, Metric


class Record(Observed):
    """A manifest of ours."""


class Owner(Record):
    """The object that a manifest is about."""

    uid: str


class DatasetRecord(Record):
    """What a profile Job found."""

    kind: Literal["Dataset"]
    dataset: Owner
    verdict: Literal["Valid", "Invalid"]
    digest: Digest | None = None
    rows: Annotated[int, Field(ge=0)] = 0
    bytes: Annotated[int, Field(ge=0)] = 0
    violations: tuple[Violation, ...] = ()


class TrainingRecord(Record):
    """What a train Job made."""

    kind: Literal["Training"]
    run: Owner


class ServableModel(Record):
    """The compiled model."""

    digest: Digest
    engine: Annotated[str, Field(max_length=32)] = ""


class Champion(Record):
    """The model that it was compared with."""

    manifest: Digest


class ModelRecord(Record):
    """What a judge Job found."""

    kind: Literal["Model"]
    run: Owner
    training: Digest
    model: ServableModel
    metrics: Annotated[tuple[Metric, ...], Field(max_length=32)] = ()
    gates: Annotated[tuple[GateResult, ...], Field(max_length=32)] = ()
    verdict: Literal["Passed", "Failed", "Inconclusive"]
    report: Digest | None = None
    champion: Champion | None = None


Kind = TypeVar("Kind", bound=Record)


def parsed(kind: type[Kind], content: Manifest | None) -> Kind | None:
    """Return what the manifest says; None when it is not what its Job should have written.

    Numbers that no API can carry (NaN, infinity) count as that too.
    """
    try:
        record = kind.model_validate(_bounded(content))
        json.dumps(record.model_dump(), allow_nan=False, default=str)
    except ValueError:
        return None
    return record


def _bounded(content: Manifest | None) -> dict[str, Any] | None:
    """Cut the sentences to what a status may hold."""
    if content is None:
        return None
    found = dict(content)
    for name, limit in (("violations", 512), ("gates", 1024)):
        lines = found.get(name)
        if isinstance(lines, list):
            found[name] = [_cut(line, limit) for line in lines]
    return found


def _cut(line: Any, limit: int) -> Any:
    if not isinstance(line, dict) or not isinstance(line.get("message"), str):
        return line
    return {**line, "message": line["message"][:limit]}

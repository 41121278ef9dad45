"""What Jobs leave in the store: one manifest for a Dataset's revision, a training and a model.

A Job builds the model and writes its `wire`, whose canonical bytes are the manifest's digest: the
same content must give the same bytes for ever. Other steps read the whole model; a plan reads the
`Result`, which holds as much as a status can. Manifests of older releases lack fields, those of
newer ones have more: both are read.
"""

import json
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, JsonValue, SerializerFunctionWrapHandler, model_serializer

from plumbline.api.meta import Digest, Observed
from plumbline.api.objects import Manifest
from plumbline.api.v1alpha1.dataset import DataSchema, Question, Violation
from plumbline.api.v1alpha1.training_run import GateResult, Metric, RunDataset
from plumbline.contract.tasks import Champion, Owner


class Record(Observed):
    """A manifest, or a part of one."""

    @property
    def wire(self) -> dict[str, Any]:
        """The JSON object."""
        return self.model_dump(mode="json", by_alias=True)


class Sparse(Record):
    """A part whose fields are written only where they are set."""

    @model_serializer(mode="wrap")
    def _set_fields(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        found: dict[str, Any] = handler(self)
        return {name: value for name, value in found.items() if name in self.model_fields_set}


class Part(Sparse):
    """One file of the source.

    Attributes:
        source: its address.
        etag: the word for its version, which changes with its bytes.
        blob: its rows in the store; absent when the data is Invalid.
    """

    source: str
    etag: str = ""
    rows: int = 0
    bytes: int = 0
    blob: str = ""


class ColumnProfile(Sparse):
    """What is known of a column; a personal one shows counts alone."""

    name: str
    type: str
    nulls: int = 0
    distinct: int = 0
    min: JsonValue = None
    max: JsonValue = None
    mean: float | None = None


class BrokenRule(Sparse):
    """A rule that the data broke; `rows` are the first row numbers, from 1."""

    rule: str
    column: str | None = None
    count: int = 0
    rows: tuple[int, ...] = ()
    message: str = ""


class HeldOut(Record):
    """Which rows are held out.

    Attributes:
        cut: the first value of the column that is held out, for a holdout by time.
        digest: of these rows.
    """

    by: str
    column: str | None = None
    share: float = 0.0
    rows: int = 0
    cut: JsonValue = None
    digest: str = ""


class Reference(Record):
    """What live traffic is compared with: the bins of each column (`stats.bins.ColumnBins`)."""

    columns: tuple[dict[str, Any], ...] = ()


class _Dataset(Record):
    kind: Literal["Dataset"]
    dataset: Owner
    verdict: Literal["Valid", "Invalid"]
    digest: Digest | None = None
    rows: Annotated[int, Field(ge=0)] = 0
    bytes: Annotated[int, Field(ge=0)] = 0


class DatasetResult(_Dataset):
    """What a profile Job found, as a status holds it."""

    violations: tuple[Violation, ...] = ()


class DatasetManifest(_Dataset):
    """A revision of a Dataset, or what is wrong with its data.

    Attributes:
        schema_: the columns as they were declared.
        previous: digest of the manifest before.
    """

    format: str = ""
    schema_: DataSchema = Field(alias="schema")
    question: Question | None = None
    previous: str | None = None
    parts: tuple[Part, ...] = ()
    columns: tuple[ColumnProfile, ...] = ()
    violations: tuple[BrokenRule, ...] = ()
    holdout: HeldOut | None = None
    reference: Reference | None = None


class File(Record):
    """One file of a trained or compiled model."""

    path: str
    bytes: int = 0
    blob: str


class TrainingResult(Record):
    """What a train Job made, as a plan reads it."""

    kind: Literal["Training"]
    run: Owner


class TrainingManifest(TrainingResult):
    """The files that a training left."""

    dataset: RunDataset
    spec_digest: str = ""
    files: tuple[File, ...] = ()


class ServableModel(Record):
    """The compiled model, by the digest of its files."""

    digest: Digest
    engine: Annotated[str, Field(max_length=32)] = ""


class CompiledModel(ServableModel):
    """The compiled model and its files."""

    files: tuple[File, ...] = ()


class Measured(Record):
    """A metric with its 95 % bounds, from n rows in so many groups."""

    name: str
    value: float
    low: float
    high: float
    n: int = 0
    groups: int = 0


class JudgedGate(Record):
    """How one gate was judged."""

    name: str
    verdict: Literal["Passed", "Failed", "Inconclusive"]
    message: str = ""


class ComparedWith(Record):
    """The model that was compared with, as a plan reads it."""

    manifest: Digest


class ComparedChampion(Champion):
    """The model that was compared with.

    Attributes:
        better: by how much the new model is better; None when nobody can say.
        error: why the champion could not answer.
    """

    better: Measured | None = None
    error: str = ""


class _Model(Record):
    kind: Literal["Model"]
    run: Owner
    training: Digest
    verdict: Literal["Passed", "Failed", "Inconclusive"]
    report: Digest | None = None


class ModelResult(_Model):
    """What a judge Job found, as a status holds it."""

    model: ServableModel
    metrics: Annotated[tuple[Metric, ...], Field(max_length=32)] = ()
    gates: Annotated[tuple[GateResult, ...], Field(max_length=32)] = ()
    champion: ComparedWith | None = None


class ModelManifest(_Model):
    """A judged model: its files, where it comes from and how good it is.

    Attributes:
        trainer: import path of the estimator, or the image of the user's container.
        features: names of the columns that it looks at.
        predictions: blob with its answers to the held-out rows.
        max_difference: between the answers of the trained and the compiled model.
    """

    model: CompiledModel
    dataset: RunDataset
    question: Question
    trainer: str = ""
    seed: int = 0
    spec_digest: str = ""
    features: tuple[str, ...] = ()
    predictions: str = ""
    metrics: tuple[Measured, ...] = ()
    gates: tuple[JudgedGate, ...] = ()
    champion: ComparedChampion | None = None
    max_difference: float = 0.0


Kind = TypeVar("Kind", bound=Record)


def read(kind: type[Kind], content: Manifest) -> Kind:
    """Return a manifest.

    Raises:
        ValueError: it is of another kind, or not what its Job should have written.
    """
    return kind.model_validate(content, extra="ignore")


def parsed(kind: type[Kind], content: Manifest | None) -> Kind | None:
    """Return what the manifest says; None when it is not what its Job should have written.

    Numbers that no API can carry (NaN, infinity) count as that too.
    """
    if content is None:
        return None
    try:
        record = read(kind, _bounded(content))
        json.dumps(record.model_dump(), allow_nan=False, default=str)
    except ValueError:
        return None
    return record


def _bounded(content: Manifest) -> dict[str, Any]:
    """Cut the sentences to what a status may hold."""
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

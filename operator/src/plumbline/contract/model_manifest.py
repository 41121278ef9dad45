"""The manifests of a training, with the files that it wrote, and of an evaluated model."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from plumbline.api.meta import Digest
from plumbline.api.v1alpha1.dataset import Question
from plumbline.api.v1alpha1.training_run import GateResult, Metric, RunDataset
from plumbline.contract.manifests import Record
from plumbline.contract.tasks import Champion, Owner


class File(Record):
    """One file of a trained or compiled model."""

    path: str
    bytes: int = 0
    blob: str


class TrainingResult(Record):
    """The part of a TrainingManifest that a plan reads: that it exists, and for which run."""

    kind: Literal["Training"]
    run: Owner


class TrainingManifest(TrainingResult):
    """The files that a training wrote."""

    dataset: RunDataset
    spec_digest: str = ""
    files: tuple[File, ...] = ()


class ServableModel(Record):
    """The part of a CompiledModel that goes into the status.

    Attributes:
        digest: digest of the names and digests of its files.
        engine: engine of the model server that runs it.
    """

    digest: Digest
    engine: Annotated[str, Field(max_length=32)] = ""


class CompiledModel(ServableModel):
    """The compiled model and its files."""

    files: tuple[File, ...] = ()


class Measured(Record):
    """A metric with its 95 % confidence interval, as the judge step writes it.

    The status has it without `groups`, as a `Metric`.

    Attributes:
        n: number of held-out rows.
        groups: number of groups of alike rows (such as days), which are counted as independent.
    """

    name: str
    value: float
    low: float
    high: float
    n: int = 0
    groups: int = 0


class JudgedGate(Record):
    """The verdict of one gate, as the judge step writes it; the status has a `GateResult`."""

    name: str
    verdict: Literal["Passed", "Failed", "Inconclusive"]
    message: str = ""


class ComparedWith(Record):
    """The part of a ComparedChampion that a plan reads."""

    manifest: Digest


class ComparedChampion(Champion):
    """The champion that the model was compared with.

    Attributes:
        better: by how much the new model is better; None if it was not measured.
        error: why the champion could not predict the held-out rows; empty if it could.
    """

    better: Measured | None = None
    error: str = ""


class _Model(Record):
    kind: Literal["Model"]
    run: Owner
    training: Digest
    verdict: Literal["Passed", "Failed", "Inconclusive"]
    report: Digest | None = None
    # Which look at the held-out rows this was; 0 if nobody counts.
    look: Annotated[int, Field(exclude_if=lambda found: not found)] = 0


class ModelResult(_Model):
    """The part of a ModelManifest that goes into the status."""

    model: ServableModel
    metrics: Annotated[tuple[Metric, ...], Field(max_length=32)] = ()
    gates: Annotated[tuple[GateResult, ...], Field(max_length=32)] = ()
    champion: ComparedWith | None = None


class ModelManifest(_Model):
    """An evaluated model: its files, where it comes from and how good it is.

    Attributes:
        trainer: import path of the estimator, or the image of the user's container.
        features: names of the columns that it uses.
        predictions: digest of the blob with its predictions of the held-out rows.
        max_difference: largest difference between predictions of the trained model and of its
            compiled form.
        classes: those of a classification, in the order in which the model returns their
            probabilities; the second of two is the positive class. Left out if
            there are none, or if they are personal.
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
    classes: Annotated[tuple[JsonValue, ...], Field(exclude_if=lambda found: not found)] = ()

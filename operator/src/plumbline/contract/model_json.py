"""model.json: the description of a compiled model, in the folder of its weights or trees.

The judge Job writes it, model servers load it, and the operator reads its reference. It is strict
JSON, so null stands for NaN. Within a format, unknown fields of newer releases are ignored, and
fields that older releases left out have a default. A change that an older server would misread
needs a new format.

This uses msgspec, not pydantic, which would add half a second to the start of a model server.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

FORMAT = "plumbline/2"
# In references of format 2, a hash puts rare categories into several cells: see `stats.bins`.
_READ = frozenset({"plumbline/1", FORMAT})
# The file of each engine, by its name. All readers take the file from here, never from model.json:
# the step that writes model.json also runs a stranger's model, so its content is not trusted.
ENGINES = {"linear": "weights.npz", "trees": "trees.bin"}
_NUMBERED = re.compile(r"plumbline/([0-9]{1,9})")

Class = bool | int | float | str


class UnreadableModel(ValueError):
    """A model.json that this version cannot read; the message says why and what to do."""


class Feature(Struct, frozen=True, kw_only=True):
    """A column that the model uses, with the rules that the Dataset declares for it.

    Attributes:
        type: number, boolean (0 or 1) or category (text).
        integer: whether values with a fraction break the schema.
        values: the allowed texts; None for any.
        pattern: the regular expression that the complete text must match.
        personal: whether its values must never be shown.
    """

    name: str
    type: Literal["number", "boolean", "category"]
    integer: bool = False
    nullable: bool = True
    min: float | None = None
    max: float | None = None
    values: list[str] | None = None
    pattern: str | None = None
    personal: bool = False


class NumberInput(Struct, frozen=True, tag_field="kind", tag="number"):
    """One input column: `(x - mean) / scale`; a missing x becomes `impute`, or NaN without it."""

    feature: str
    impute: float | None = None
    mean: float = 0.0
    scale: float = 1.0


class OrdinalInput(Struct, frozen=True, tag_field="kind", tag="ordinal"):
    """One input column: the index of the category.

    Attributes:
        unknown: the value for a category that is not in the list; None stands for NaN.
        missing: the value for a missing category; None stands for NaN.
    """

    feature: str
    categories: list[str]
    unknown: float | None = None
    missing: float | None = None


class OneHotInput(Struct, frozen=True, tag_field="kind", tag="onehot"):
    """An input column of 0 and 1 for each category; None in the list is a missing value.

    A category that is not in the list gives 0 in all columns.
    """

    feature: str
    categories: list[str | None]


class FilledOneHotInput(Struct, frozen=True, tag_field="kind", tag="onehot-filled"):
    """A OneHotInput for which a missing value is the category `fill`."""

    feature: str
    categories: list[str]
    fill: str


class CodedInput(Struct, frozen=True, tag_field="kind", tag="coded"):
    """One input column: a code for each category.

    Attributes:
        categories: None in the list is a missing value.
        codes: in the order of the categories; None stands for NaN, also in `unknown`.
        unknown: the code of a category that is not in the list.
    """

    feature: str
    categories: list[str | None]
    codes: list[float | None]
    unknown: float | None = None


class NumberOrdinalInput(Struct, frozen=True, tag_field="kind", tag="number-ordinal"):
    """One input column: a number, made like that of a NumberInput, becomes its index in a list.

    Attributes:
        unknown: the value for a number that is not in the list; None stands for NaN.
        missing: the value for a missing number; None stands for NaN.
    """

    number: NumberInput
    categories: list[float]
    unknown: float | None = None
    missing: float | None = None

    @property
    def feature(self) -> str:
        """The column."""
        return self.number.feature


class Linear(Struct, frozen=True, kw_only=True, tag_field="kind", tag="linear"):
    """A linear model; the link function turns its margin into a prediction."""

    link: Literal["identity", "logit", "softmax"]


class Trees(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="trees"):
    """An ensemble of trees.

    Attributes:
        file: name of the checkpoint, read only by servers of older releases.
        cast: type to which the estimator rounds its input.
        link: softmax if the trees give raw margins.
    """

    file: str
    cast: Literal["float32", "float64"]
    link: Literal["softmax"] | None = None


class Reference(Struct, frozen=True):
    """What live rows are compared with: the bins of each column (`stats.bins.ColumnBins`)."""

    columns: list[dict[str, Any]] = []


class Sample(Struct, frozen=True, kw_only=True):
    """A few rows (lists, or objects by column name) and the model's predictions of them."""

    inputs: list[Any] = []
    outputs: list[Any] = []


Input = (
    NumberInput | OrdinalInput | OneHotInput | FilledOneHotInput | CodedInput | NumberOrdinalInput
)
Engine = Linear | Trees


class Description(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A compiled model: its features, its engine, and the reference for drift.

    Attributes:
        task: Classification or Regression.
        target: the column that it predicts.
        classes: the classes of its probabilities, in order; None for a regression.
        inputs: how the input columns of the engine are made of the features, in their order.
        reference: the distributions of features and predictions in the training data.
        sample: rows with which a server checks the loaded model.
    """

    format: str
    task: str
    target: str
    classes: list[Class] | None
    features: list[Feature]
    inputs: list[Input]
    engine: Engine
    reference: Reference | None = None
    sample: Sample | None = None

    @property
    def columns(self) -> list[dict[str, Any]]:
        """The columns of the reference."""
        return self.reference.columns if self.reference else []


def engine_name(engine: Engine) -> str:
    """Return the name of an engine, such as `linear`."""
    return "linear" if isinstance(engine, Linear) else "trees"


class _Format(Struct):
    format: str | None = None


def wire(description: Description | Feature) -> dict[str, Any]:
    """Return the JSON object."""
    found: dict[str, Any] = msgspec.to_builtins(description)
    return found


def read(content: bytes) -> Description:
    """Return the description in a model.json.

    Raises:
        UnreadableModel: it is damaged, or has another format.
    """
    try:
        _check_format(msgspec.json.decode(content, type=_Format).format)
        return msgspec.json.decode(content, type=Description)
    except (msgspec.DecodeError, RecursionError) as error:
        advice = "restore it from a backup, or create a new TrainingRun"
        raise UnreadableModel(f"model.json is damaged ({str(error)[:300]}); {advice}") from error


def read_feature(content: Mapping[str, Any]) -> Feature:
    """Return the feature that a JSON object describes."""
    return msgspec.convert(content, type=Feature)


def _check_format(found: str | None) -> None:
    if found in _READ:
        return
    number = _NUMBERED.fullmatch(found or "")
    if number and int(number[1]) > int(FORMAT.rpartition("/")[2]):
        message = f"model.json has format {found}, and this version reads formats up to {FORMAT}"
        raise UnreadableModel(f"{message}; use the version of Plumbline that made it")
    message = f"model.json has format {found!r}, but this version reads {', '.join(sorted(_READ))}"
    raise UnreadableModel(f"{message}; create a new TrainingRun")

"""model.json: what describes a compiled model, beside its weights or trees.

The judge Job writes it, model servers load it and the operator reads its reference. It is strict
JSON, so null stands for NaN. Fields of newer releases within a format are passed over; what an
older one left out has a default. A change that an older server would misread is a new format.

msgspec only: a model server that loaded pydantic for this would start half a second later.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

FORMAT = "plumbline/1"
# The file of each engine, by its kind; the name in model.json itself is a stranger's.
ENGINES = {"linear": "weights.npz", "trees": "trees.bin"}
_NUMBERED = re.compile(r"plumbline/([0-9]{1,9})")

Class = bool | int | float | str


class Unreadable(ValueError):
    """A description that this version cannot read; the message says why and what to do."""


class Feature(Struct, frozen=True, kw_only=True):
    """A column that the model looks at, with the rules that the Dataset declares for it.

    Attributes:
        type: number, boolean (a number too) or category (text).
        integer: whether a value with a fraction is broken.
        values: the only texts there may be.
        pattern: what a text must match as a whole.
        personal: whether its values are shown nowhere.
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


class Number(Struct, frozen=True, tag_field="kind", tag="number"):
    """One column: `(x or impute - mean) / scale`; without `impute`, NaN stays NaN."""

    feature: str
    impute: float | None = None
    mean: float = 0.0
    scale: float = 1.0


class Ordinal(Struct, frozen=True, tag_field="kind", tag="ordinal"):
    """One column: the place of a category; None stands for NaN in `unknown` and `missing`."""

    feature: str
    categories: list[str]
    unknown: float | None = None
    missing: float | None = None


class OneHot(Struct, frozen=True, tag_field="kind", tag="onehot"):
    """One column for each category (None is one, if it was seen); all zero for an unknown one."""

    feature: str
    categories: list[str | None]


class Linear(Struct, frozen=True, kw_only=True, tag_field="kind", tag="linear"):
    """A linear model; the link makes an answer of its margin."""

    link: Literal["identity", "logit", "softmax"]


class Trees(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="trees"):
    """An ensemble of trees.

    Attributes:
        file: the checkpoint's name.
        cast: type that the estimator rounds its input to.
        link: softmax where the trees give raw margins.
    """

    file: str
    cast: Literal["float32", "float64"]
    link: Literal["softmax"] | None = None


class Reference(Struct, frozen=True):
    """What live traffic is compared with: the bins of each column (`stats.bins.ColumnBins`)."""

    columns: list[dict[str, Any]] = []


class Sample(Struct, frozen=True, kw_only=True):
    """A few rows (lists, or objects by name) and the answers that the model gave to them."""

    inputs: list[Any] = []
    outputs: list[Any] = []


Input = Number | Ordinal | OneHot
Engine = Linear | Trees


class Description(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A compiled model: what it looks at, how it answers and what is normal.

    Attributes:
        task: Classification or Regression.
        target: the column that it predicts.
        classes: what its answers mean, in order; None for a regression.
        inputs: what the engine is given.
        reference: the bins of the features' and of its own answers' training data.
        sample: rows to check a loaded model by.
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


def kind_of(engine: Engine) -> str:
    """Return the kind of an engine, such as `linear`."""
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
        Unreadable: it is damaged, or of another format.
    """
    try:
        _check_format(msgspec.json.decode(content, type=_Format).format)
        return msgspec.json.decode(content, type=Description)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unreadable(f"{str(error)[:300]}; fetch the model again") from error


def feature_of(content: Mapping[str, Any]) -> Feature:
    """Return a feature of its JSON object."""
    return msgspec.convert(content, type=Feature)


def _check_format(found: str | None) -> None:
    if found == FORMAT:
        return
    number = _NUMBERED.fullmatch(found or "")
    if number and int(number[1]) > int(FORMAT.rpartition("/")[2]):
        told = f"format {found} is newer than {FORMAT}, the newest that this version reads"
        raise Unreadable(f"{told}; serve it with the release that judged it")
    raise Unreadable(f"format {found!r} is not {FORMAT}; judge again")

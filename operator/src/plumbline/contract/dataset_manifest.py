"""The manifest of a revision of a Dataset: its rows and profile, or the rules that they break."""

from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue

from plumbline.api.meta import Digest
from plumbline.api.v1alpha1.dataset import DataSchema, Question, Violation
from plumbline.contract.manifests import Record, Sparse
from plumbline.contract.tasks import Owner


class Part(Sparse):
    """One file of the source.

    Attributes:
        source: its address.
        etag: its version, which changes when its bytes change.
        blob: digest of its rows in the store; missing if the data is Invalid.
        reading: version of the rules by which bytes became values; another may give other values.
    """

    source: str
    etag: str = ""
    rows: int = 0
    bytes: int = 0
    blob: str = ""
    reading: int = 1


class ColumnProfile(Sparse):
    """The profile of a column. A personal column has only counts, and no value."""

    name: str
    type: str
    nulls: int = 0
    distinct: int = 0
    min: JsonValue = None
    max: JsonValue = None
    mean: float | None = None


class BrokenRule(Sparse):
    """A rule that the data breaks, as the profile Job writes it; the status has a `Violation`.

    `rows` are the numbers of the first such rows, counted from 1.
    """

    rule: str
    column: str | None = None
    count: int = 0
    rows: tuple[int, ...] = ()
    message: str = ""


class HeldOut(Record):
    """Which rows are held out.

    Attributes:
        by: Row, Group or Time.
        column: for Group and Time, the column that decides.
        cut: for Time, the value of that column from which on rows are held out.
        digest: of the rows that are held out.
        targets: how many values the target has in these rows.
        counted_from: digest of the held-out rows with which the count of looks began; the same as
            in the revision before unless at least half of the rows are new.
        row_sample: the smallest hashes of those rows.
    """

    by: str
    column: str | None = None
    share: float = 0.0
    rows: int = 0
    cut: JsonValue = None
    digest: str = ""
    targets: Annotated[int | None, Field(exclude_if=lambda found: found is None)] = None
    counted_from: Annotated[str, Field(exclude_if=lambda found: not found)] = ""
    row_sample: Annotated[tuple[str, ...], Field(exclude_if=lambda found: not found)] = ()


class Reference(Record):
    """What live rows are compared with: the bins of each column (`stats.bins.ColumnBins`)."""

    columns: tuple[dict[str, Any], ...] = ()


class _Dataset(Record):
    kind: Literal["Dataset"]
    dataset: Owner
    verdict: Literal["Valid", "Invalid"]
    digest: Digest | None = None
    rows: Annotated[int, Field(ge=0)] = 0
    bytes: Annotated[int, Field(ge=0)] = 0


class CountedRows(Record):
    """The part of a HeldOut that goes into the status."""

    rows: int = 0
    counted_from: Digest | Literal[""] = ""


class DatasetResult(_Dataset):
    """The part of a DatasetManifest that goes into the status."""

    holdout: CountedRows | None = None

    violations: tuple[Violation, ...] = ()
    warnings: tuple[Violation, ...] = ()


class DatasetManifest(_Dataset):
    """A revision of a Dataset, or what is wrong with its data.

    Attributes:
        schema_: the schema with which the rows were read.
        previous: digest of the previous manifest.
        warnings: what is odd about rows that pass all rules; left out if nothing is.
    """

    format: str = ""
    schema_: DataSchema = Field(alias="schema")
    question: Question | None = None
    previous: str | None = None
    parts: tuple[Part, ...] = ()
    columns: tuple[ColumnProfile, ...] = ()
    violations: tuple[BrokenRule, ...] = ()
    warnings: Annotated[tuple[BrokenRule, ...], Field(exclude_if=lambda found: not found)] = ()
    holdout: HeldOut | None = None
    reference: Reference | None = None

"""Dataset: rows from one source, fetched, checked, profiled and versioned."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from plumbline.api.meta import (
    GROUP,
    VERSION,
    Digest,
    KeyRef,
    LocalRef,
    Model,
    ObjectMeta,
    Observed,
    ShortText,
    Status,
    Text,
    exactly_one_of,
    validations,
)
from plumbline.api.objects import Resource
from plumbline.api.quantities import Quantity, Resources

DATASET = Resource(GROUP, VERSION, "Dataset", "datasets")


class DatasetReason(StrEnum):
    """Reasons of a Dataset's conditions and events."""

    SUSPENDED = "Suspended"
    """spec.suspend is true: the source is not read. Set it to false to continue."""
    STORE_CREDENTIALS_MISSING = "StoreCredentialsMissing"
    """The namespace has no credentials for the store. An administrator must add the namespace to the chart's value namespaces."""
    PROFILING = "Profiling"
    """A Job is reading and checking the source."""
    REVISION_IN_USE = "RevisionInUse"
    """A revision of the data is in use; the message gives its number and its rows."""
    NEW_REVISION = "NewRevision"
    """Event: the fetch brought new rows, or the rules changed; there is a new revision."""
    UNCHANGED = "Unchanged"
    """Event: the fetch brought the same rows as before; the revision stays the same."""
    NOT_FETCHED = "NotFetched"
    """The source has not been read yet."""
    FETCH_BLOCKED = "FetchBlocked"
    """A revision is in use, but the Job of the newest fetch cannot start. Fix the cause that the message names."""
    RULES_PASSED = "RulesPassed"
    """All rows of the newest fetch pass all rules of the schema and the expectations."""
    RULES_FAILED = "RulesFailed"
    """Rows of the newest fetch fail rules. status.violations lists them with row numbers; fix the data or the rules."""
    RESULT_MISSING = "ResultMissing"
    """The Job ended, but its result is not in the store. The operator repeats the Job a few times; if that does not help, read the log of its pod."""
    RESULT_INVALID = "ResultInvalid"
    """The operator cannot read the result of the Job. Use the same version for the operator and the trainer image, then run the command in the message to read the source again."""


# No white space of any alphabet: \s alone matches less in the API server than in Python.
_ADDRESS = r"^(s3|https?)://[^\s\x0B\x85\p{Z}]+$"


class DataSource(Model):
    """Where the rows come from: exactly one of uri and configMap."""

    model_config = {
        "json_schema_extra": validations(
            (exactly_one_of("uri", "configMap"), "exactly one of uri and configMap must be set"),
            ("!has(self.secretRef) || has(self.uri)", "secretRef needs uri"),
        )
    }

    uri: Annotated[str, Field(max_length=1024, pattern=_ADDRESS)] | None = None
    """Address of the files, such as s3://bucket/path/*.parquet or https://host/file.csv. * matches names in one folder, ** also those in its subfolders. With http and https, the files are the links on the HTML page of the folder."""
    secret_ref: LocalRef | None = None
    """Secret with the credentials for the source: keys AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL and AWS_REGION."""
    config_map: KeyRef | None = None
    """Key of a ConfigMap whose value is the file itself, for small data."""


class Column(Model):
    """The rules for one column."""

    model_config = {
        "json_schema_extra": validations(
            (
                "(!has(self.min) && !has(self.max)) || self.type in ['integer', 'number']",
                "min and max are for columns of type integer and number",
            ),
            (
                "((!has(self.values) || self.values.size() == 0) && !has(self.pattern)) || self.type == 'string'",
                "values and pattern are for columns of type string",
            ),
            (
                "!has(self.min) || !has(self.max) || self.min <= self.max",
                "min must not be above max: no value could pass",
            ),
        )
    }

    name: Annotated[str, Field(min_length=1, max_length=128)]
    """Name of the column."""
    type: Literal["integer", "number", "string", "boolean", "timestamp"]
    """Type of the values: integer, number, string, boolean or timestamp. In a string column, a whole number in a Parquet file becomes the text of its digits: 1.0 becomes 1. In a csv file this happens only if the column looks like integers with gaps as pandas writes them: some values are missing, and all others have the form 1.0. It does not happen if the field values has such a text."""
    nullable: bool = False
    """Whether values may be missing."""
    min: float | None = None
    """Smallest possible value. A smaller one is an error in the data, not drift. With a fraction such as 0.1, the nearest 32-bit float is also allowed."""
    max: float | None = None
    """Largest possible value. A larger one is an error in the data, not drift. With a fraction such as 0.1, the nearest 32-bit float is also allowed."""
    values: Annotated[list[Annotated[str, Field(max_length=253)]], Field(max_length=1000)] = []
    """The values that a string column may have; empty allows any."""
    pattern: Annotated[str, Field(max_length=253)] | None = None
    """Regular expression in Python's syntax, without lookarounds, references to groups and \\b; the complete string value must match it. It is matched in linear time."""
    unique: bool = False
    """Whether each value may occur only once."""
    personal: bool = False
    """Whether the column has personal data. If so, no message shows its values."""
    description: Text = ""
    """What the column means, for readers."""


class DataSchema(Model):
    """The columns that the data must have."""

    model_config = {
        "json_schema_extra": validations(
            (
                "!has(self.primaryKey) || self.primaryKey.all(k, self.columns.exists(c, c.name == k))",
                "every name in primaryKey must be a column of the schema",
            ),
        )
    }

    columns: Annotated[
        list[Column],
        Field(
            min_length=1,
            max_length=500,
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
            },
        ),
    ]
    """The columns; each name once."""
    strict: bool = False
    """Whether undeclared columns in the files make the data invalid. If false, they are ignored."""
    primary_key: Annotated[list[ShortText], Field(max_length=8)] = []
    """Columns that together identify a row."""
    time_column: ShortText | None = None
    """Column with the time of each row; rows are sorted by it."""


class Expectations(Model):
    """Limits for all rows together. The data is used only if it meets them."""

    min_rows: Annotated[int, Field(ge=1)] = 1
    """Smallest allowed number of rows."""
    max_null_share: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Largest allowed share of missing values in a nullable column."""
    max_duplicate_share: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Largest allowed share of rows that are copies of another row."""


class Holdout(Model):
    """Which rows are kept for evaluation; no model trains on them. The rule is the same for every revision."""

    model_config = {
        "json_schema_extra": validations(
            ("self.by != 'Group' || has(self.column)", "holdout.by: Group needs holdout.column"),
        )
    }

    by: Literal["Row", "Group", "Time"] | None = None
    """How the rows are chosen. Row: by a hash of each row. Group: by a hash of the value in column, so that rows with the same value are kept together. Time: the newest rows are kept. The default is Time if the schema has a timeColumn, else Row."""
    column: ShortText | None = None
    """Column for Group, such as customer or day; for Time, the column to sort by in place of timeColumn."""
    share: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Share of the rows to keep for evaluation."""


# Not called Task, because task is only one of its fields, and the steps of Jobs have tasks too.
class Question(Model):
    """What to predict from the data."""

    task: Literal["Classification", "Regression"]
    """Kind of prediction: Classification or Regression."""
    target: ShortText
    """Column to predict."""
    holdout: Holdout = Holdout()
    """Which rows are kept for evaluation."""


class ProfileResources(Resources):
    """Compute resources of the Job that reads the source."""

    cpu: Quantity = "250m"
    """CPU request, such as 500m or 2; CPU is not limited."""
    memory: Quantity = "4Gi"
    """Memory request and limit."""
    ephemeral_storage: Quantity = "16Gi"
    """Request and limit of local disk, where files are unpacked."""


class DatasetSpec(Model):
    """Where the data is, what it must look like, and what to predict."""

    model_config = {
        "json_schema_extra": validations(
            (
                "!has(self.question) || self.schema.columns.exists(c, c.name == self.question.target)",
                "question.target must be a column of the schema",
            ),
            (
                "!has(self.schema.timeColumn) || self.schema.columns.exists(c, c.name == self.schema.timeColumn)",
                "schema.timeColumn must be a column of the schema",
            ),
            (
                "!has(self.question) || !has(self.question.holdout.column) || self.schema.columns.exists(c, c.name == self.question.holdout.column)",
                "question.holdout.column must be a column of the schema",
            ),
            (
                "!has(self.question) || !has(self.question.holdout.by) || self.question.holdout.by != 'Time' || has(self.question.holdout.column) || has(self.schema.timeColumn)",
                "question.holdout.by: Time needs schema.timeColumn or question.holdout.column",
            ),
        )
    }

    description: Text = ""
    """What the data is, for readers."""
    owner: Annotated[str, Field(max_length=253)] = ""
    """Person or team that is responsible for the data."""
    source: DataSource
    """Where the rows come from."""
    format: Literal["csv", "parquet"]
    """Format of the files: csv or parquet."""
    schema_: Annotated[DataSchema, Field(alias="schema")]
    """The columns that the data must have."""
    expectations: Expectations = Expectations()
    """Limits for all rows together. The data is used only if it meets them."""
    question: Question | None = None
    """What to predict from the data."""
    resources: ProfileResources | None = None
    """Compute resources of the Job that reads the source. When left out, the Job requests 512Mi of memory (limit 4Gi) and 512Mi of disk (limit 16Gi), so that it starts on small nodes. When set, the Job requests as much as its limits, so that it surely gets what a large source needs."""
    suspend: bool = False
    """Whether to stop reading the source. The revision in use stays in use."""


class Violation(Observed):
    """A rule that rows failed."""

    rule: Annotated[str, Field(max_length=63)]
    """Name of the rule, such as Min or MinRows."""
    column: Annotated[str, Field(max_length=128)] | None = None
    """Name of the column, if the rule is about one column."""
    count: int = 0
    """Number of rows that failed the rule."""
    rows: Annotated[list[int], Field(max_length=10)] = []
    """The first rows that failed. They are counted from 1 through all files, in the order of the names of the files. For the rule TornLine, they are line numbers in the file that the message names."""
    message: Annotated[str, Field(max_length=512)] = ""
    """What is wrong and what to do."""


class Fetch(Observed):
    """The newest attempt to read the source."""

    key: Annotated[str, Field(max_length=64)] = ""
    """Hash of what the attempt depends on: source, format, schema, expectations and question of the spec, and the annotation plumbline.dev/refresh. When it changes, the source is read again."""
    job: Annotated[str, Field(max_length=63)] = ""
    """Name of the Job."""
    outcome: Literal["Running", "NewRevision", "Unchanged", "Invalid", "Failed"] = "Running"
    """Result of the attempt: Running, NewRevision, Unchanged, Invalid or Failed."""
    time: datetime | None = None
    """When the attempt ended."""


class Refresh(Observed):
    """A completed refresh that a DriftMonitor requested."""

    id: Annotated[str, Field(max_length=128)]
    """Name of the request."""
    outcome: Literal["NewRevision", "Unchanged", "Invalid", "Failed"]
    """Result of the refresh: NewRevision, Unchanged, Invalid or Failed."""
    revision: int = 0
    """Revision in use after the refresh."""


class Revision(Observed):
    """One revision of the data."""

    revision: int
    """Number of the revision, from 1."""
    digest: Digest
    """Digest of the schema and the rows; the same rows have the same digest."""
    manifest: Digest
    """Digest of the manifest in the store."""
    rules: Annotated[str, Field(max_length=16)] = ""
    """Hash of the schema, the question and its holdout. The same rows with other rules are another revision."""
    rows: int = 0
    """Number of rows."""
    held_out: Digest | None = None
    """Digest of the held-out rows with which the count of looks began (status.holdout)."""
    time: datetime | None = None
    """When the revision was made."""


class EvaluatedModel(Observed):
    """A model that was evaluated on the held-out rows."""

    model: Digest
    """Digest of the model."""
    look: int
    """Which look at the held-out rows it was."""
    run: Annotated[str, Field(max_length=63)] = ""
    """Name of the TrainingRun that made it."""


class HoldoutLooks(Observed):
    """How often models were evaluated on the held-out rows. Each further model must clear wider bounds, so that none passes only because many were tried."""

    digest: Digest
    """Digest of the held-out rows with which the count began. It begins anew when at least half of the held-out rows are new."""
    rows: int = 0
    """Number of rows that are held out now."""
    looks: int = 0
    """How many different models were evaluated on these rows. The evaluation of the k-th one may err with probability 0.05 x 6 / (pi^2 k^2), and all together with 0.05. The same model again is no new look."""
    models: Annotated[list[EvaluatedModel], Field(max_length=100)] = []
    """The newest of these models, newest first."""


class DatasetStatus(Status):
    """State of the data as the operator last observed it."""

    revision: int | None = None
    """Number of the revision in use."""
    digest: Digest | None = None
    """Digest of the revision in use."""
    manifest: Digest | None = None
    """Digest of the manifest of the revision in use."""
    rows: int | None = None
    """Number of rows of the revision in use."""
    bytes: int | None = None
    """Size of the revision in use, in bytes."""
    violations: Annotated[list[Violation], Field(max_length=20)] = []
    """The rules that rows of the newest fetch failed."""
    warnings: Annotated[list[Violation], Field(max_length=20)] = []
    """What is odd about the rows of the newest fetch without making the data invalid."""
    fetch: Fetch | None = None
    """The newest attempt to read the source."""
    refreshes: Annotated[list[Refresh], Field(max_length=10)] = []
    """The newest completed refreshes that DriftMonitors requested."""
    history: Annotated[list[Revision], Field(max_length=20)] = []
    """The newest revisions, newest first."""
    holdout: HoldoutLooks | None = None
    """The held-out rows of the revision in use, and how many models were evaluated on them."""


class Dataset(Observed):
    """Dataset is a table of rows from one source. Plumbline fetches, checks and profiles the rows, and stores each version as a numbered revision."""

    metadata: ObjectMeta
    spec: DatasetSpec
    status: DatasetStatus = DatasetStatus()

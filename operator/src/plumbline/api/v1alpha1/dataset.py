"""Dataset: one named source of truth, fetched, versioned by digest, checked and profiled."""

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
    Status,
    Text,
    Word,
    key_of_fields,
    validations,
)
from plumbline.api.objects import Resource
from plumbline.api.quantities import Quantity, Resources

DATASET = Resource(GROUP, VERSION, "Dataset", "datasets")


class DatasetReason(StrEnum):
    """Why a Dataset is as it is."""

    SUSPENDED = "Suspended"
    STORE_CREDENTIALS_MISSING = "StoreCredentialsMissing"
    PROFILING = "Profiling"
    REVISION_IN_USE = "RevisionInUse"
    NEW_REVISION = "NewRevision"
    UNCHANGED = "Unchanged"
    NOT_FETCHED = "NotFetched"
    FETCH_BLOCKED = "FetchBlocked"
    RULES_PASSED = "RulesPassed"
    RULES_FAILED = "RulesFailed"
    RESULT_MISSING = "ResultMissing"
    RESULT_INVALID = "ResultInvalid"


# No space of any alphabet: the server's regular expressions know fewer of them than Python's do.
_ADDRESS = r"^(s3|https?)://[^\s\x0B\x85\p{Z}]+$"


class DataSource(Model):
    """Where the rows come from: exactly one of uri and configMap."""

    model_config = {
        "json_schema_extra": validations(
            (key_of_fields("uri", "configMap"), "exactly one of uri and configMap must be set"),
            ("!has(self.secretRef) || has(self.uri)", "secretRef goes with uri"),
        )
    }

    uri: Annotated[str, Field(max_length=1024, pattern=_ADDRESS)] | None = None
    """Address of the files: s3://bucket/path/*.parquet or http(s)://host/file.csv; * and ** match names, behind http(s) those that the folder's page links to."""
    secret_ref: LocalRef | None = None
    """Secret whose keys AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL and AWS_REGION open the source."""
    config_map: KeyRef | None = None
    """Key of a ConfigMap that holds the file itself, for small reference data."""


class Column(Model):
    """What one column promises."""

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
                "min must not be above max: no value could be right",
            ),
        )
    }

    name: Annotated[str, Field(min_length=1, max_length=128)]
    """Name of the column."""
    type: Literal["integer", "number", "string", "boolean", "timestamp"]
    """Type of the values: integer, number, string, boolean or timestamp."""
    nullable: bool = False
    """Whether values may be missing."""
    min: float | None = None
    """Smallest value that is possible at all; a smaller one is broken data, not drift."""
    max: float | None = None
    """Largest value that is possible at all; a larger one is broken data, not drift."""
    values: Annotated[list[Annotated[str, Field(max_length=253)]], Field(max_length=1000)] = []
    """The only values a string column may have; empty for any."""
    pattern: Annotated[str, Field(max_length=253)] | None = None
    """Regular expression, in Python's syntax, that a string value must match as a whole."""
    unique: bool = False
    """Whether a value may occur only once."""
    personal: bool = False
    """Whether the column holds personal data; its values are then shown nowhere."""
    description: Text = ""
    """What the column means, for the catalog."""


class DataSchema(Model):
    """The columns that the data must have."""

    model_config = {
        "json_schema_extra": validations(
            (
                "!has(self.primaryKey) || self.primaryKey.all(k, self.columns.exists(c, c.name == k))",
                "primaryKey must name columns of the schema",
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
    """The columns, by name."""
    strict: bool = False
    """Whether columns that are not declared make the data invalid; otherwise they are left out."""
    primary_key: Annotated[list[Word], Field(max_length=8)] = []
    """Columns that name a row together."""
    time_column: Word | None = None
    """Column with the time of the row; rows are ordered by it."""


class Expectations(Model):
    """What the set as a whole must hold to be used."""

    min_rows: Annotated[int, Field(ge=1)] = 1
    """Fewest rows."""
    max_null_share: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Largest share of missing values in any nullable column."""
    max_duplicate_share: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Largest share of rows that are copies of another row."""


class Holdout(Model):
    """The rows that no model may train on; the rule belongs to the data and is the same in every revision."""

    model_config = {
        "json_schema_extra": validations(
            ("self.by != 'Group' || has(self.column)", "by: Group needs column"),
        )
    }

    by: Literal["Row", "Group", "Time"] | None = None
    """Row holds out rows by a keyed hash, Group all rows with the same value of column, Time the newest rows. Time is the default when the schema has a timeColumn, else Row."""
    column: Word | None = None
    """Column whose values keep rows together, such as a customer or a day."""
    share: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Share of the rows to hold out."""


class Question(Model):
    """What the data is to answer."""

    task: Literal["Classification", "Regression"]
    """Classification or Regression."""
    target: Word
    """Column to predict."""
    holdout: Holdout = Holdout()
    """Which rows judge the models."""


class ProfileResources(Resources):
    """Compute resources of the Job that reads the source; a limit equals its request."""

    cpu: Quantity = "250m"
    """CPU request, such as 500m or 2. CPU is not limited."""
    memory: Quantity = "4Gi"
    """Memory request and limit."""
    ephemeral_storage: Quantity = "16Gi"
    """Local disk request and limit; files are unpacked there."""


class DatasetSpec(Model):
    """What the user wants of the data."""

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
                "by: Time needs schema.timeColumn or question.holdout.column",
            ),
        )
    }

    description: Text = ""
    """What the data is, for people who look for it."""
    owner: Annotated[str, Field(max_length=253)] = ""
    """Who answers for the data."""
    source: DataSource
    """Where the rows come from."""
    format: Literal["csv", "parquet"]
    """Format of the files: csv or parquet."""
    schema_: Annotated[DataSchema, Field(alias="schema")]
    """The columns that the data must have."""
    expectations: Expectations = Expectations()
    """What the set as a whole must hold."""
    question: Question | None = None
    """The question that models trained on the data answer."""
    resources: ProfileResources | None = None
    """Compute resources of the Job that reads the source; when left out it asks for 512Mi of memory and may use 4Gi, and for 512Mi of disk and may use 16Gi."""
    suspend: bool = False
    """Whether to stop fetching; the last revision stays in use."""


class Violation(Observed):
    """A rule that the data broke."""

    rule: Annotated[str, Field(max_length=63)]
    """The rule, such as Min or MinRows."""
    column: Annotated[str, Field(max_length=128)] | None = None
    """The column, if the rule is about one."""
    count: int = 0
    """How many rows broke it."""
    rows: Annotated[list[int], Field(max_length=10)] = []
    """The first row numbers that broke it, counted from 1 over the files in order of their names."""
    message: Annotated[str, Field(max_length=512)] = ""
    """What is wrong and what to do."""


class Fetch(Observed):
    """The newest attempt to read the source."""

    key: Annotated[str, Field(max_length=64)] = ""
    """What the attempt was for: a hash of the source's spec and of the request."""
    job: Annotated[str, Field(max_length=63)] = ""
    """Name of its Job."""
    outcome: Literal["Running", "NewRevision", "Unchanged", "Invalid", "Failed"] = "Running"
    """How it ended."""
    time: datetime | None = None
    """When it ended."""


class Refresh(Observed):
    """A refresh that a monitor asked for and that has been done."""

    id: Annotated[str, Field(max_length=128)]
    """The request."""
    outcome: Literal["NewRevision", "Unchanged", "Invalid", "Failed"]
    """How it ended."""
    revision: int = 0
    """The revision in use afterwards."""


class Revision(Observed):
    """One revision of the data."""

    revision: int
    """Its number, from 1."""
    digest: Digest
    """Digest of the schema and the rows: the same rows have the same digest."""
    manifest: Digest
    """Digest of the manifest in the store."""
    rules: Annotated[str, Field(max_length=16)] = ""
    """Hash of the schema, the question and its holdout that the rows were judged by: the same rows under other rules are another revision."""
    rows: int = 0
    """Number of rows."""
    time: datetime | None = None
    """When it was made."""


class DatasetStatus(Status):
    """What the operator has seen of the data."""

    revision: int | None = None
    """Number of the revision in use."""
    digest: Digest | None = None
    """Digest of the revision in use."""
    manifest: Digest | None = None
    """Digest of its manifest in the store."""
    rows: int | None = None
    """Rows of the revision in use."""
    bytes: int | None = None
    """Bytes of the revision in use."""
    violations: Annotated[list[Violation], Field(max_length=20)] = []
    """The rules that the newest fetch broke."""
    fetch: Fetch | None = None
    """The newest attempt to read the source."""
    refreshes: Annotated[list[Refresh], Field(max_length=10)] = []
    """The newest refreshes that monitors asked for."""
    history: Annotated[list[Revision], Field(max_length=20)] = []
    """The newest revisions, newest first."""


class Dataset(Observed):
    """Dataset is one named source of truth: fetched, versioned by digest, checked and profiled."""

    metadata: ObjectMeta
    spec: DatasetSpec
    status: DatasetStatus = DatasetStatus()

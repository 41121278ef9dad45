"""What every kind shares: the base model, metadata, references, conditions and pod settings."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from plumbline.api.metrics import GateMetric

GROUP = "plumbline.dev"
VERSION = "v1alpha1"

Name = Annotated[
    str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$", max_length=71)]
Text = Annotated[str, Field(max_length=1024)]
Image = Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[!-~]+$")]
Variable = Annotated[str, Field(max_length=253, pattern=r"^[-._a-zA-Z][-._a-zA-Z0-9]*$")]
ShortText = Annotated[str, Field(min_length=1, max_length=253)]
# The limit of Kubernetes' own fields; a larger number added to a date would exceed the last date.
Seconds = Annotated[int, Field(ge=0, le=2**31 - 1)]
Labels = Annotated[dict[str, Annotated[str, Field(max_length=63)]], Field(max_length=16)]


class Model(BaseModel):
    """What users write: camelCase in JSON, immutable in Python, unknown fields are refused."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
    )


class Observed(Model):
    """What a newer version may have written, such as a status: unknown fields are ignored."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        frozen=True,
        use_attribute_docstrings=True,
    )


class ObjectMeta(Observed):
    """The part of an object's metadata that decisions need."""

    name: str
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class Condition(Observed):
    """One observation of the object's state, as in every Kubernetes API."""

    type: Annotated[str, Field(max_length=63)]
    """Type of the condition in CamelCase, such as Ready."""
    status: Literal["True", "False", "Unknown"]
    """Status of the condition: True, False or Unknown."""
    reason: Annotated[
        str, Field(max_length=63, pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")
    ]
    """Reason for the last change of the status, in one CamelCase word; the API reference lists all reasons with their meaning."""
    message: Annotated[str, Field(max_length=4096)] = ""
    """What is wrong or under way, where, and what to do."""
    last_transition_time: datetime | None = None
    """When the status last changed."""
    observed_generation: int | None = None
    """Generation of the spec that this condition describes."""


Conditions = Annotated[
    list[Condition],
    Field(
        max_length=16,
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    ),
]


class Status(Observed):
    """What every kind's status has."""

    observed_generation: int = -1
    """Generation of the spec that the operator processed last; -1 before the first time."""
    conditions: Conditions = []
    """State of the object, one condition per type."""


class LocalRef(Model):
    """A reference to an object in the same namespace."""

    name: Name
    """Name of the object."""


class KeyRef(Model):
    """A reference to one key of a ConfigMap or Secret in the same namespace."""

    name: Annotated[str, Field(max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
    """Name of the object."""
    key: Annotated[str, Field(max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")]
    """Key in the object."""


def exactly_one_of(*names: str) -> str:
    """Return the CEL rule that exactly one of these optional fields is set."""
    return " + ".join(f"(has(self.{name}) ? 1 : 0)" for name in names) + " == 1"


def validations(*rules: tuple[str, str]) -> dict[str, Any]:
    """Return the JSON schema extension that carries CEL rules with their messages."""
    return {"x-kubernetes-validations": [{"rule": rule, "message": text} for rule, text in rules]}


def _object(*needed: str, **fields: Any) -> dict[str, Any]:
    """Return the schema of an object in a Pod; a field whose schema is None is a text."""
    text = {"type": "string", "maxLength": 4096}
    found = {
        name: {"description": "As in a Pod.", **(schema or text)} for name, schema in fields.items()
    }
    required = {"required": list(needed)} if needed else {}
    return {"type": "object", **required, "properties": found}


# Every field has a type, because CEL compares only typed fields, and the rule that the pod settings
# of a run must not change is written in CEL.
_KEY = _object("name", "key", name=None, key=None, optional={"type": "boolean"})
_ENV_VAR = {
    **_object(
        "name",
        name={"type": "string", "maxLength": 253, "pattern": r"^[-._a-zA-Z][-._a-zA-Z0-9]*$"},
        value=None,
        valueFrom={
            **_object(
                secretKeyRef=_KEY,
                configMapKeyRef=_KEY,
                fieldRef=_object("fieldPath", fieldPath=None),
            ),
            "minProperties": 1,
            "maxProperties": 1,
        },
    ),
    **validations(
        ("!has(self.value) || !has(self.valueFrom)", "value and valueFrom cannot be set together"),
    ),
}
_TOLERATION = _object(
    key=None,
    operator=None,
    value=None,
    effect=None,
    tolerationSeconds={"type": "integer", "format": "int64"},
)


class PodTemplate(Model):
    """Settings of the training pod; env applies only to the container that trains."""

    service_account_name: ShortText | None = None
    """Service account of the pod. Its token is never mounted."""
    image_pull_secrets: Annotated[list[LocalRef], Field(max_length=8)] = []
    """Secrets with registry credentials."""
    env: Annotated[list[Any], Field(max_length=64, json_schema_extra={"items": _ENV_VAR})] = []
    """Environment variables, as in a Pod."""
    node_selector: Labels = {}
    """Labels that a node must have."""
    tolerations: Annotated[
        list[Any], Field(max_length=16, json_schema_extra={"items": _TOLERATION})
    ] = []
    """Taints that the pod tolerates, as in a Pod."""
    priority_class_name: ShortText | None = None
    """Priority class of the pod."""
    runtime_class_name: ShortText | None = None
    """Runtime class of the pod, such as gvisor."""


class Gate(Model):
    """A limit for one metric. The confidence bound of the metric is compared, not the estimate alone."""

    model_config = {
        "json_schema_extra": validations(
            ("has(self.min) || has(self.max)", "set min or max: a gate without them cannot fail"),
            (
                "!has(self.min) || !has(self.max) || self.min <= self.max",
                "min must not be above max: no model could pass",
            ),
        )
    }

    metric: GateMetric
    min: float | None = None
    """The gate passes if the lower bound of the confidence interval is at least this."""
    max: float | None = None
    """The gate passes if the upper bound of the confidence interval is at most this."""

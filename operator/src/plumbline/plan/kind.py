"""The declaration of a kind: its names, who writes it, what it reads and owns, and its plan.

Everything else follows from this declaration: what is gathered for its plan, which changes cause a
reconcile, its CustomResourceDefinition, the roles and the reference.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from plumbline.api.meta import Observed
from plumbline.api.objects import Manifest, Resource
from plumbline.api.plan import Plan

Snapshot = TypeVar("Snapshot")
Found = TypeVar("Found", bound=Observed)


class Role(StrEnum):
    """Who may write the objects of a kind; the other role may read them."""

    DATA_SCIENTIST = "data-scientist"
    ML_ENGINEER = "ml-engineer"


class Lookup(Protocol):
    """The objects of the same namespace in the cache."""

    def get(self, kind: type[Found], name: str | None) -> Found | None:
        """Return an object of one of our kinds; None if it does not exist or the name is None."""

    def raw(self, resource: Resource, name: str) -> Manifest | None:
        """Return any live object, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Selects objects of a resource in the namespace of the reader.

    Attributes:
        names: their names; without it, all.
        labels: labels that they must carry.
        status: fields of their status and the values that these must have.
    """

    names: frozenset[str] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    status: Mapping[str, str] = field(default_factory=dict)

    def matches(self, obj: Manifest) -> bool:
        """Whether an object is one of them."""
        metadata = obj["metadata"]
        if self.names is not None and metadata["name"] not in self.names:
            return False
        if not self.labels.items() <= metadata.get("labels", {}).items():
            return False
        status = obj.get("status", {})
        return all(status.get(name) == value for name, value in self.status.items())


ALL = Selector()


def named(*names: str | None) -> Selector:
    """Return the selector of the objects with these names; a name that is None is left out."""
    return Selector(names=frozenset(name for name in names if name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """Objects that a plan reads but does not own.

    Attributes:
        resource: what they are.
        into: field of the snapshot that holds them.
        which: returns their selector, given the reader.
        many: whether the field holds a tuple, instead of one object or None; not used with `take`.
        take: makes the field's value from the reader and the live objects. Without it the field
            holds models of our kinds, and plain manifests of others.
        wakes: whether a change of one causes a reconcile of the reader.
    """

    resource: Resource
    into: str
    which: Callable[[Any, Lookup], Selector]
    many: bool = False
    take: Callable[[Any, Sequence[Manifest]], Any] | None = None
    wakes: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Owns:
    """Children that the object controls; a change of one causes a reconcile of the object.

    Attributes:
        resource: what they are.
        into: field of the snapshot with the live children; empty if the plan does not read them.
        applied: whether they are applied again after every change, instead of created once.
        outcomes: field with the outcomes of its Jobs, for which their pods are read.
    """

    resource: Resource
    into: str = ""
    applied: bool = False
    outcomes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Makes:
    """Objects of another kind that a plan creates and does not own."""

    resource: Resource


Input = Reads | Owns | Makes


def _never(_: Manifest) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[Snapshot]):
    """One of our kinds.

    Attributes:
        resource: its group, version, kind and plural.
        model: its pydantic model; spec and status make the schema.
        short_name: for kubectl.
        columns: what `kubectl get` prints.
        writer: the role that writes it.
        reasons: the reasons of its conditions.
        subject: field of the snapshot with the object itself.
        snapshot: the input of its plan. The shell fills the fields that no input fills: `settings`,
            `now`, and what is known about live traffic.
        plan: the function that makes its plan.
        inputs: what it reads, owns and creates.
        is_settled: whether no change of its inputs matters any more.
        scalable: whether it has the scale subresource.
        cel_rules: CEL rules on its metadata with their messages, besides those of all kinds.
    """

    resource: Resource
    model: type[Observed]
    short_name: str
    columns: tuple[Manifest, ...]
    writer: Role
    reasons: type[StrEnum]
    subject: str
    snapshot: Callable[..., Snapshot]
    plan: Callable[[Snapshot], Plan]
    inputs: tuple[Input, ...] = ()
    is_settled: Callable[[Manifest], bool] = _never
    scalable: bool = False
    cel_rules: tuple[tuple[str, str], ...] = ()

    @property
    def reads(self) -> tuple[Reads, ...]:
        """What it reads."""
        return tuple(each for each in self.inputs if isinstance(each, Reads))

    @property
    def owns(self) -> tuple[Owns, ...]:
        """What it owns."""
        return tuple(each for each in self.inputs if isinstance(each, Owns))


class _NamedRef(Protocol):
    @property
    def name(self) -> str: ...


def name_in(reference: _NamedRef | None) -> str | None:
    """Return the name in a reference, or None."""
    return reference.name if reference else None

"""How a kind is declared, once: its names, who writes it, what it reads and owns, and its plan.

Everything else that must know of a kind follows from its declaration: what is gathered for its
plan, who wakes it, its CustomResourceDefinition, the roles and the reference.
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
    """The people who write kinds; each reads the kinds of the other."""

    DATA_SCIENTIST = "data-scientist"
    ML_ENGINEER = "ml-engineer"


class Lookup(Protocol):
    """Objects of the same namespace, as they are known now."""

    def get(self, kind: type[Found], name: str | None) -> Found | None:
        """Return an object of a kind of ours; None when it is not there or has no name."""

    def raw(self, resource: Resource, name: str) -> Manifest | None:
        """Return any object as it lives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Which objects of a resource, in the namespace of the one that reads them.

    Attributes:
        names: their names; None for any name.
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
        told = obj.get("status", {})
        return all(told.get(name) == value for name, value in self.status.items())


ALL = Selector()


def named(*names: str | None) -> Selector:
    """Return the selector of the objects with these names; None names nothing."""
    return Selector(names=frozenset(name for name in names if name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """Objects that a plan looks at and that others made.

    Attributes:
        resource: what they are.
        into: field of the snapshot that holds them.
        which: selects them, given the object that reads.
        many: whether the field holds a tuple of all, or the one object or None.
        take: makes the field's value of the object that reads and the objects as they live; models
            of our kinds and plain manifests of others when it is left out.
        wakes: whether a change of one lets the reader look again.
    """

    resource: Resource
    into: str
    which: Callable[[Any, Lookup], Selector]
    many: bool = False
    take: Callable[[Any, Sequence[Manifest]], Any] | None = None
    wakes: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Owns:
    """Children that the object controls; a change of one wakes it.

    Attributes:
        resource: what they are.
        into: field of the snapshot that holds them as they live; empty when no plan looks at them.
        kept: whether they are kept as written (applied), or made once and never touched again.
        outcomes: field that holds what its Jobs have come to, for which their pods are read.
    """

    resource: Resource
    into: str = ""
    kept: bool = False
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
    """One kind of ours.

    Attributes:
        resource: as the API server addresses it.
        model: its pydantic model; spec and status make the schema.
        short_name: for kubectl.
        columns: what `kubectl get` prints.
        writer: the role that writes it.
        reasons: what its conditions give as reasons.
        subject: field of the snapshot that holds the object itself.
        snapshot: everything that its plan may look at; fields that no input fills are `settings`,
            `now` and what is known of live traffic.
        plan: the decision.
        inputs: what it reads, owns and makes.
        is_settled: whether nothing that it reads can change it any more.
        scalable: whether it has the scale subresource.
        rules: CEL rules on its metadata beside those of all kinds, with their messages.
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
    rules: tuple[tuple[str, str], ...] = ()

    @property
    def reads(self) -> tuple[Reads, ...]:
        """What it reads."""
        return tuple(each for each in self.inputs if isinstance(each, Reads))

    @property
    def owns(self) -> tuple[Owns, ...]:
        """What it owns."""
        return tuple(each for each in self.inputs if isinstance(each, Owns))


class _Reference(Protocol):
    @property
    def name(self) -> str: ...


def name_in(reference: _Reference | None) -> str | None:
    """Return the name that a reference holds, if there is one."""
    return reference.name if reference else None

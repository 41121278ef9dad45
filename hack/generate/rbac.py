"""Who may do what: the operator's own rules and the three roles for people.

Nothing here can read a Secret, and a test holds it so.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from plumbline.api.objects import Resource
from plumbline.api.resources import JOB, POD
from plumbline.plan.kind import Makes, Role
from plumbline.plan.registry import KINDS

Rule = Mapping[str, Any]

READ = ("get", "list", "watch")
WRITE = ("create", "delete", "deletecollection", "patch", "update")


def _rule(resources: Iterable[Resource], *verbs: str, sub: str = "") -> Rule:
    """Return a rule over resources of one group, or over a subresource of each."""
    named = tuple(resources)
    return {
        "apiGroups": sorted({resource.group for resource in named}),
        "resources": [f"{r.plural}/{sub}" if sub else r.plural for r in named],
        "verbs": sorted(verbs),
    }


def _of(group: str, *resources: str, verbs: Iterable[str]) -> Rule:
    """Return a rule over resources that Plumbline has no type for."""
    return {"apiGroups": [group], "resources": list(resources), "verbs": sorted(verbs)}


OURS = tuple(kind.resource for kind in KINDS)


def _children() -> Iterator[Rule]:
    """Yield the rules for the children of all kinds: a child that is created once is not patched."""
    owned = [owns for kind in KINDS for owns in kind.owns]
    for is_applied in (False, True):
        found = {owns.resource for owns in owned if owns.applied == is_applied}
        verbs = ("create", "delete", "patch") if is_applied else ("create", "delete")
        for group in sorted({resource.group for resource in found}):
            mine = sorted(resource for resource in found if resource.group == group)
            yield _rule(mine, *READ, *verbs)


def _made() -> Iterator[Rule]:
    """Yield the rules for creating objects that have no owner."""
    made = {each.resource for kind in KINDS for each in kind.inputs if isinstance(each, Makes)}
    if made:
        yield _rule(sorted(made), "create", "delete")


OPERATOR: tuple[Rule, ...] = (
    _rule(OURS, *READ),
    _rule(OURS, "patch", "update", sub="status"),
    # Owner references with blockOwnerDeletion need this where that admission check is on.
    _rule(OURS, "update", sub="finalizers"),
    *_made(),
    *_children(),
    _rule((POD,), *READ),
    _of("", "events", verbs=("get", "create", "patch")),
)
"""What the operator may do in every namespace."""

OPERATOR_AT_HOME: tuple[Rule, ...] = (
    _of("coordination.k8s.io", "leases", verbs=("get", "create", "patch")),
)
"""What it may do in its own namespace besides: hold the Lease of the leader."""

_FOLLOW: tuple[Rule, ...] = (
    _rule((JOB,), *READ),
    _rule((POD,), *READ),
    _rule((POD,), "get", sub="log"),
    _of("", "events", verbs=READ),
)
"""What it takes to follow a training with `kubectl logs` and `kubectl describe`."""


def _person(role: Role) -> Iterator[Rule]:
    """Yield the rules of a person who writes some kinds and reads the others."""
    mine = [kind for kind in KINDS if kind.writer == role]
    yield _rule((kind.resource for kind in mine), *READ, *WRITE)
    yield _rule((kind.resource for kind in KINDS if kind not in mine), *READ)
    yield from _FOLLOW
    if scalable := [kind.resource for kind in mine if kind.scalable]:
        yield _rule(scalable, "get", "patch", "update", sub="scale")


ROLES: Mapping[str, tuple[Rule, ...]] = {
    "operator": OPERATOR,
    "operator-at-home": OPERATOR_AT_HOME,
    **{str(role): tuple(_person(role)) for role in Role},
    "viewer": (_rule(OURS, *READ),),
}
"""Rules by the name of their file in the chart."""

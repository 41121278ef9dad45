"""Who may do what: the operator's own rules and the three roles for people.

Nothing here can read a Secret, and a test holds it so.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from plumbline.api.objects import Resource
from plumbline.api.resources import (
    CONFIG_MAP,
    DATASET,
    DEPLOYMENT,
    DRIFT_MONITOR,
    JOB,
    MODEL_DEPLOYMENT,
    OURS,
    POD,
    POD_DISRUPTION_BUDGET,
    SERVICE,
    TRAINING_RUN,
    TRAINING_TEMPLATE,
)

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


OPERATOR: tuple[Rule, ...] = (
    _rule(OURS, *READ),
    _rule(OURS, "patch", "update", sub="status"),
    # Owner references with blockOwnerDeletion need this where that admission check is on.
    _rule(OURS, "update", sub="finalizers"),
    # Runs and Jobs are made once and never changed.
    _rule((TRAINING_RUN,), "create", "delete"),
    _rule((JOB,), *READ, "create", "delete"),
    _rule((CONFIG_MAP, SERVICE), *READ, "create", "delete", "patch"),
    _rule((DEPLOYMENT,), *READ, "create", "delete", "patch"),
    _rule((POD_DISRUPTION_BUDGET,), *READ, "create", "delete", "patch"),
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


def _person(*owned: Resource) -> tuple[Rule, ...]:
    """Return the rules of a person who writes some kinds and reads the others."""
    others = tuple(resource for resource in OURS if resource not in owned)
    return (_rule(owned, *READ, *WRITE), _rule(others, *READ), *_FOLLOW)


DATA_SCIENTIST = _person(DATASET, TRAINING_TEMPLATE, TRAINING_RUN)
ML_ENGINEER = (
    *_person(MODEL_DEPLOYMENT, DRIFT_MONITOR),
    _rule((MODEL_DEPLOYMENT,), "get", "patch", "update", sub="scale"),
)
VIEWER = (_rule(OURS, *READ),)

ROLES: Mapping[str, tuple[Rule, ...]] = {
    "operator": OPERATOR,
    "operator-at-home": OPERATOR_AT_HOME,
    "data-scientist": DATA_SCIENTIST,
    "ml-engineer": ML_ENGINEER,
    "viewer": VIEWER,
}
"""Rules by the name of their file in the chart."""

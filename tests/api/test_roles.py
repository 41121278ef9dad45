"""What the chart's roles for people allow, asked of the API server that enforces them."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from tests.chart.helm import render
from tests.chart.kubectl import Refused, apply, ensure_crds, kubectl, namespace, until

pytestmark = pytest.mark.cluster
GROUP = "plumbline.dev"
READ, WRITE = ("get", "list", "watch"), ("create", "update", "patch", "delete")
KINDS = ("datasets", "trainingtemplates", "trainingruns", "modeldeployments", "driftmonitors")
SCIENCE, SERVING = KINDS[:3], KINDS[3:]


class Wish(NamedTuple):
    """Something that somebody wants to do."""

    verb: str
    resource: str
    group: str = GROUP


def wishes(verbs: tuple[str, ...], resources: tuple[str, ...], group: str = GROUP) -> set[Wish]:
    return {Wish(verb, resource, group) for verb in verbs for resource in resources}


LOGS = {Wish("get", "pods/log", ""), *wishes(READ, ("pods", "events"), "")}
FOLLOW = {*LOGS, *wishes(READ, ("jobs",), "batch")}
SCALE = wishes(("get", "update", "patch"), ("modeldeployments/scale",))
ALL = {
    *wishes((*READ, *WRITE), KINDS),
    *wishes(("get", "update", "patch"), tuple(f"{kind}/status" for kind in KINDS)),
    *wishes((*READ, *WRITE), ("secrets", "configmaps", "pods", "services", "events"), ""),
    *wishes(("create", "get"), ("pods/exec", "pods/attach", "pods/portforward"), ""),
    *wishes(("create",), ("serviceaccounts/token",), ""),
    *wishes((*READ, *WRITE), ("jobs",), "batch"),
    *wishes(WRITE, ("deployments",), "apps"),
    *wishes(WRITE, ("roles", "rolebindings"), "rbac.authorization.k8s.io"),
    *FOLLOW,
    *SCALE,
}
MAY = {
    "viewer": wishes(READ, KINDS),
    "data-scientist": {*wishes(READ, KINDS), *wishes(WRITE, SCIENCE), *FOLLOW},
    "ml-engineer": {*wishes(READ, KINDS), *wishes(WRITE, SERVING), *FOLLOW, *SCALE},
}


@contextmanager
def role_of_the_chart(role: str) -> Iterator[str]:
    """Make a copy of one of the chart's roles and return its name."""
    (made,) = (
        obj
        for obj in render()
        if (obj["kind"], obj["metadata"]["name"]) == ("ClusterRole", f"plumbline-{role}")
    )
    name = f"{role}-{uuid.uuid4().hex[:8]}"
    labels = made["metadata"]["labels"]
    apply({**made, "metadata": {"name": name, "labels": labels}})
    try:
        yield name
    finally:
        kubectl("delete", "clusterrole", name)


def bind(ns: str, role: str, user: str) -> None:
    """Give a user a role in a namespace."""
    group = "rbac.authorization.k8s.io"
    reference = {"apiGroup": group, "kind": "ClusterRole", "name": role}
    subject = {"apiGroup": group, "kind": "User", "name": user}
    metadata = {"name": f"{user}-{role}", "namespace": ns}
    head = {"apiVersion": f"{group}/v1", "kind": "RoleBinding", "metadata": metadata}
    apply({**head, "roleRef": reference, "subjects": [subject]})


def allowed(user: str, ns: str, asked: set[Wish]) -> set[Wish]:
    """Return what the API server allows of what is asked."""
    order = sorted(asked)
    items = [_review(user, ns, wish) for wish in order]
    body = {"apiVersion": "v1", "kind": "List", "items": items}
    words = ("create", "-o", 'jsonpath={.status.allowed}{"\\n"}', "-f", "-")
    answers = kubectl(*words, stdin=json.dumps(body)).split()
    return {wish for wish, answer in zip(order, answers, strict=True) if answer == "true"}


def _review(user: str, ns: str, wish: Wish) -> dict[str, Any]:
    resource, _, sub = wish.resource.partition("/")
    what = {"namespace": ns, "verb": wish.verb, "group": wish.group, "resource": resource}
    spec = {"user": user, "resourceAttributes": {**what, **({"subresource": sub} if sub else {})}}
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": spec,
    }


@pytest.mark.parametrize("role", sorted(MAY))
def test_a_role_allows_its_work_and_nothing_else(role: str) -> None:
    ensure_crds()
    user = f"ann-{uuid.uuid4().hex[:8]}"
    with (
        namespace("roles") as ns,
        namespace("others") as elsewhere,
        role_of_the_chart(role) as name,
    ):
        bind(ns, name, user)
        until(30, lambda: allowed(user, ns, MAY[role]))
        assert allowed(user, ns, ALL) == MAY[role]
        assert allowed(user, elsewhere, ALL) == set()


@pytest.mark.parametrize(
    ("cluster_role", "role"),
    [("view", "viewer"), ("edit", "data-scientist"), ("edit", "ml-engineer")],
)
def test_whoever_works_in_a_namespace_already_gets_the_roles_kinds(
    cluster_role: str, role: str
) -> None:
    user = f"bob-{uuid.uuid4().hex[:8]}"
    ours = {wish for wish in MAY[role] if wish.group == GROUP}
    with namespace("roles") as ns, role_of_the_chart(role):
        bind(ns, cluster_role, user)
        until(30, lambda: allowed(user, ns, ours) == ours)
        statuses = {wish for wish in ALL if wish.resource.endswith("/status")}
        assert allowed(user, ns, statuses - ours) == set()


def test_a_data_scientist_can_neither_roll_out_nor_read_the_stores_keys() -> None:
    user = f"eve-{uuid.uuid4().hex[:8]}"
    with namespace("roles") as ns, role_of_the_chart("data-scientist") as name:
        bind(ns, name, user)
        until(30, lambda: allowed(user, ns, {Wish("create", "trainingruns")}))
        told = [
            _refusal(user, ns, *words)
            for words in (
                ("get", "secret", "plumbline-store"),
                ("delete", "mdep", "flights"),
            )
        ]
        assert all("forbidden" in text.lower() for text in told), told


def _refusal(user: str, ns: str, *words: str) -> str:
    """Return the words with which a user is refused."""
    try:
        return kubectl("-n", ns, "--as", user, *words)
    except Refused as refusal:
        return str(refusal)

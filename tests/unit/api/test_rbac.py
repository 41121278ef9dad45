"""Who may do what."""

from collections.abc import Iterator

import pytest
from plumbline.plan.registry import OTHERS, OURS

from hack.generate import rbac


def grants(role: str) -> Iterator[tuple[str, str, str]]:
    """Yield each group, resource and verb that a role allows."""
    for rule in rbac.ROLES[role]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                yield from ((group, resource, verb) for verb in rule["verbs"])


@pytest.mark.parametrize("role", sorted(rbac.ROLES))
def test_nobody_reads_secrets_and_no_rule_is_a_wildcard(role):
    words = {word for grant in grants(role) for word in grant}
    assert not words & {"secrets", "*", "impersonate", "escalate", "bind", "pods/exec"}


@pytest.mark.parametrize("resource", OURS + OTHERS, ids=lambda r: r.plural)
def test_the_operator_watches_every_kind_that_it_knows(resource):
    wanted = {(resource.group, resource.plural, verb) for verb in ("get", "list", "watch")}
    assert wanted <= set(grants("operator"))


def test_the_operator_never_writes_a_users_spec():
    written = {
        resource
        for group, resource, verb in grants("operator")
        if group == "plumbline.dev" and verb not in rbac.READ
    }
    statuses = {f"{r.plural}/{sub}" for r in OURS for sub in ("status", "finalizers")}
    assert written <= statuses | {"trainingruns"}


def test_a_viewer_only_reads():
    assert {verb for _, _, verb in grants("viewer")} == set(rbac.READ)


@pytest.mark.parametrize(
    ("role", "owned"),
    [
        ("data-scientist", {"datasets", "trainingtemplates", "trainingruns"}),
        ("ml-engineer", {"modeldeployments", "driftmonitors", "modeldeployments/scale"}),
    ],
)
def test_each_role_writes_its_own_kinds_and_reads_the_others(role, owned):
    assert {resource for _, resource, verb in grants(role) if verb in rbac.WRITE} == owned
    readable = {resource for _, resource, verb in grants(role) if verb == "list"}
    assert {r.plural for r in OURS} <= readable

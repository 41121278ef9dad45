"""The policy enforcer's rules, as text, without a cluster."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "hack" / "testbed"))

from netpol import Pod, render

PODS = [
    Pod("a", "10.0.0.1", "n1", {"app": "web"}, {"http": 8080}),
    Pod("a", "10.0.0.2", "n1", {"app": "client"}),
    Pod("b", "10.0.0.3", "n2", {"app": "client"}),
]
NAMESPACES = {"a": {"team": "x"}, "b": {"team": "y"}}


def policy(**spec: object) -> dict[str, object]:
    return {"metadata": {"namespace": "a"}, "spec": {"podSelector": {}, **spec}}


def test_without_policies_nothing_is_cut_off() -> None:
    assert "drop" not in render(PODS, NAMESPACES, [], node="n1")


def test_only_the_named_clients_reach_the_named_port() -> None:
    rule = {
        "from": [{"namespaceSelector": {"matchLabels": {"team": "y"}}}],
        "ports": [{"port": "http"}],
    }
    only = policy(podSelector={"matchLabels": {"app": "web"}}, ingress=[rule])
    text = render(PODS, NAMESPACES, [only], node="n1")
    assert "ip saddr { 10.0.0.3 } ip daddr 10.0.0.1 tcp dport 8080 return" in text
    assert "10.0.0.2 : jump" not in text


def test_a_policy_without_rules_denies_all() -> None:
    text = render(PODS, NAMESPACES, [policy(policyTypes=["Egress"])], node="n1")
    assert "chain egress_10_0_0_1 {\n  counter drop\n}" in text


def test_a_node_protects_its_own_pods_only() -> None:
    text = render(PODS, NAMESPACES, [policy(policyTypes=["Ingress"])], node="n2")
    assert "drop" not in text


def test_blocks_of_ipv6_open_nothing_and_spoil_nothing() -> None:
    blocks = [{"ipBlock": {"cidr": "::/0"}}, {"ipBlock": {"cidr": "10.0.0.0/8"}}]
    both = policy(policyTypes=["Egress"], egress=[{"to": blocks}])
    assert "chain egress_10_0_0_1 {\n  ip daddr 10.0.0.0/8 return\n" in render(
        PODS, NAMESPACES, [both], node="n1"
    )
    six = policy(policyTypes=["Egress"], egress=[{"to": blocks[:1]}])
    text = render(PODS, NAMESPACES, [six], node="n1")
    assert "chain egress_10_0_0_1 {\n  counter drop\n}" in text


def test_address_blocks_know_exceptions_and_port_ranges() -> None:
    block = {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}
    rule = {"to": [block], "ports": [{"port": 80, "endPort": 90}]}
    only = policy(policyTypes=["Egress"], egress=[rule])
    text = render(PODS, NAMESPACES, [only], node="n1")
    assert "ip daddr 10.0.0.0/8 ip daddr != { 10.1.0.0/16 } tcp dport 80-90 return" in text

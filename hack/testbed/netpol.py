"""Enforces NetworkPolicies on one node with nftables: `netpol.py KUBECONFIG NODE`.

Several times a second the pods, namespaces and policies are listed from the API server's cache,
rendered into one table, and the table is swapped in one transaction when its text has changed. A
verdict falls on a connection's first packet, after kube-proxy has translated Service addresses, so
rules name pod addresses and pod ports, as the API demands. Traffic from a node to its own pods is
always allowed (probes). Not enforced: IPv6, and named ports together with endPort.
"""

import base64
import json
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Object = Mapping[str, Any]
SIDES = {"Ingress": ("ingress", "from", "saddr"), "Egress": ("egress", "to", "daddr")}
PERIOD_SECONDS = 0.2


@dataclass(frozen=True)
class Pod:
    """The fields of a pod that policies use."""

    namespace: str
    ip: str
    node: str
    labels: Mapping[str, str]
    ports: Mapping[str, int] = field(default_factory=dict)


def matches(selector: Object, labels: Mapping[str, str]) -> bool:
    """Return whether a label selector selects these labels."""
    exact = selector.get("matchLabels", {}).items() <= labels.items()
    return exact and all(_holds(e, labels) for e in selector.get("matchExpressions", ()))


def _holds(expression: Object, labels: Mapping[str, str]) -> bool:
    value, values = labels.get(expression["key"]), expression.get("values", ())
    match expression["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case _:
            return value is None


def render(
    pods: Iterable[Pod],
    namespaces: Mapping[str, Mapping[str, str]],
    policies: Iterable[Object],
    *,
    node: str,
) -> str:
    """Return the nftables script that enforces the policies for the pods of a node."""
    pods, policies = sorted(pods, key=lambda pod: pod.ip), list(policies)
    chains: list[str] = []
    jumps: dict[str, list[str]] = {kind: [] for kind in SIDES}
    for pod in (pod for pod in pods if pod.node == node):
        for kind in SIDES:
            rules = _rules(pod, kind, pods, namespaces, policies)
            if rules is not None:
                name = f"{kind.lower()}_{pod.ip.replace('.', '_')}"
                chains.append(_chain(name, rules))
                jumps[kind].append(f"{pod.ip} : jump {name}")
    return _table(chains, jumps)


def _rules(
    pod: Pod,
    kind: str,
    pods: list[Pod],
    namespaces: Mapping[str, Mapping[str, str]],
    policies: list[Object],
) -> list[str] | None:
    """Return what is allowed for a pod in one direction; None when no policy selects it."""
    section, peers_key, _ = SIDES[kind]
    selecting = [policy for policy in policies if _selects(policy, kind, pod)]
    if not selecting:
        return None
    found = set()
    for rule in (rule for policy in selecting for rule in policy["spec"].get(section, ())):
        targets = [pod] if kind == "Ingress" else pods
        for who in _peers(rule.get(peers_key), kind, pod.namespace, pods, namespaces):
            found |= {f"{who}{port}return" for port in _ports(rule.get("ports"), targets)}
    return sorted(found)


def _selects(policy: Object, kind: str, pod: Pod) -> bool:
    spec = policy["spec"]
    return (
        policy["metadata"]["namespace"] == pod.namespace
        and kind in spec.get("policyTypes", ["Ingress"])
        and matches(spec.get("podSelector", {}), pod.labels)
    )


def _peers(
    peers: Iterable[Object] | None,
    kind: str,
    namespace: str,
    pods: list[Pod],
    namespaces: Mapping[str, Mapping[str, str]],
) -> list[str]:
    """Return matches on the peers; one empty match when all peers are allowed."""
    if not peers:
        return [""]
    address, found, blocks = SIDES[kind][2], set(), []
    for peer in peers:
        if block := peer.get("ipBlock"):
            # Pods here have no IPv6 address: an IPv6 block allows none of them.
            blocks += [] if ":" in block["cidr"] else [_block(address, block)]
            continue
        among = {namespace}
        if "namespaceSelector" in peer:
            among = {n for n, ls in namespaces.items() if matches(peer["namespaceSelector"], ls)}
        selector = peer.get("podSelector", {})
        found |= {p.ip for p in pods if p.namespace in among and matches(selector, p.labels)}
    return blocks + ([f"ip {address} {{ {', '.join(sorted(found))} }} "] if found else [])


def _block(address: str, block: Object) -> str:
    without = ", ".join(block.get("except", ()))
    return f"ip {address} {block['cidr']} " + (
        f"ip {address} != {{ {without} }} " if without else ""
    )


def _ports(ports: Iterable[Object] | None, targets: list[Pod]) -> list[str]:
    """Return matches on the port; a named port has the number of each target pod."""
    if not ports:
        return [""]
    found = []
    for wanted in ports:
        protocol, port = wanted.get("protocol", "TCP").lower(), wanted.get("port")
        if port is None:
            found.append(f"meta l4proto {protocol} ")
        elif isinstance(port, str):
            named = [(pod.ip, pod.ports[port]) for pod in targets if port in pod.ports]
            found += [f"ip daddr {ip} {protocol} dport {number} " for ip, number in named]
        else:
            end = f"-{wanted['endPort']}" if "endPort" in wanted else ""
            found.append(f"{protocol} dport {port}{end} ")
    return found


def _chain(name: str, rules: list[str]) -> str:
    return "\n".join([f"chain {name} {{", *(f"  {rule}" for rule in rules), "  counter drop", "}"])


def _table(chains: list[str], jumps: Mapping[str, list[str]]) -> str:
    maps = {
        kind: f"  ip {'saddr' if kind == 'Egress' else 'daddr'} vmap {{ {', '.join(to)} }}"
        for kind, to in jumps.items()
        if to
    }
    known = "  ct state established,related accept"
    forward = [known, *(maps[kind] for kind in ("Egress", "Ingress") if kind in maps)]
    inward = [known, *(maps[kind] for kind in ("Egress",) if kind in maps)]
    hooks = [
        *("chain forward {", "  type filter hook forward priority filter", *forward, "}"),
        *("chain input {", "  type filter hook input priority filter", *inward, "}"),
    ]
    head = ["table inet netpol", "delete table inet netpol", "table inet netpol {"]
    return "\n".join([*head, *chains, *hooks, "}", ""])


def _client(kubeconfig: str) -> Callable[[str], list[Object]]:
    """Return a function that lists a path from the API server's cache."""
    with open(kubeconfig) as text:
        config = json.load(text)
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    trust = base64.b64decode(cluster["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=trust)
    with tempfile.NamedTemporaryFile() as pem:
        for name in ("client-certificate-data", "client-key-data"):
            pem.write(base64.b64decode(user[name]))
        pem.flush()
        context.load_cert_chain(pem.name)

    def get(path: str) -> list[Object]:
        url = f"{cluster['server']}/{path}?resourceVersion=0"
        with urllib.request.urlopen(url, context=context, timeout=10) as answer:
            return list(json.load(answer)["items"])

    return get


def _pods(items: Iterable[Object]) -> list[Pod]:
    return [
        Pod(
            item["metadata"]["namespace"],
            item["status"]["podIP"],
            item["spec"].get("nodeName", ""),
            item["metadata"].get("labels", {}),
            _named_ports(item["spec"]),
        )
        for item in items
        if item["status"].get("podIP")
        and not item["spec"].get("hostNetwork")
        and item["status"]["phase"] in ("Pending", "Running")
    ]


def _named_ports(spec: Object) -> dict[str, int]:
    containers = [*spec["containers"], *spec.get("initContainers", ())]
    ports = [port for container in containers for port in container.get("ports", ())]
    return {port["name"]: port["containerPort"] for port in ports if "name" in port}


def main() -> None:
    """Enforce until ended; while the API server does not respond, the last rules stay."""
    get, node, applied = _client(sys.argv[1]), sys.argv[2], ""
    while True:
        try:
            namespaces = {
                n["metadata"]["name"]: n["metadata"].get("labels", {})
                for n in get("api/v1/namespaces")
            }
            policies = get("apis/networking.k8s.io/v1/networkpolicies")
            text = render(_pods(get("api/v1/pods")), namespaces, policies, node=node)
            if text != applied:
                subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True)
                applied = text
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"netpol: {error}", file=sys.stderr, flush=True)
        time.sleep(PERIOD_SECONDS)


if __name__ == "__main__":
    main()

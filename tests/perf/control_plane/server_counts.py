"""What the API server has been asked, as it counts it itself: no operator marks its own work."""

import re
from collections import Counter
from urllib.request import Request, urlopen

from plumbline.kube.config import Connection

WRITES = {"POST", "PUT", "PATCH", "APPLY", "DELETE"}
# The server's own housekeeping and the operator's Lease are no work on objects.
COUNTED = {"trainingruns", "datasets", "trainingtemplates", "modeldeployments", "driftmonitors"}
COUNTED |= {"jobs", "configmaps", "events", "pods", "deployments", "services"}
LINE = re.compile(r"^apiserver_request_total\{(.*)\} (\S+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]*)"')
Counts = Counter[tuple[str, str]]


def taken(connection: Connection) -> Counts:
    """Return accepted and refused requests by verb and resource (with its subresource)."""
    with urlopen(Request(f"{connection.server}/metrics"), context=connection.tls) as answer:
        return parsed(answer.read().decode())


def parsed(text: str) -> Counts:
    """Return the counts in a page of metrics."""
    found: Counts = Counter()
    for labels, value in LINE.findall(text):
        label = dict(LABEL.findall(labels))
        if label["resource"] in COUNTED:
            place = "/".join(filter(None, (label["resource"], label.get("subresource"))))
            found[label["verb"], place] += int(float(value))
    return found


def writes(counts: Counts) -> int:
    """Return how many of the requests write."""
    return sum(n for (verb, _), n in counts.items() if verb in WRITES)

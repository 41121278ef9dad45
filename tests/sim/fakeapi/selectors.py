"""Label selectors: `a=b,c!=d,e,!f,g in (h,i),j notin (k)`."""

import re
from collections.abc import Mapping
from typing import Any

REQUIREMENT = re.compile(
    r"\s*(?P<no>!)?(?P<key>[^\s,=!()]+)\s*"
    r"(?:(?P<op>==|=|!=|in|notin)\s*(?:\((?P<set>[^)]*)\)|(?P<value>[^,\s]*)))?\s*(?:,|$)"
)


def matches(obj: Mapping[str, Any], selector: str) -> bool:
    """Return whether the object's labels meet every requirement."""
    labels = obj["metadata"].get("labels") or {}
    return all(_holds(labels, found) for found in REQUIREMENT.finditer(selector))


def _holds(labels: Mapping[str, str], requirement: "re.Match[str]") -> bool:
    key, op = requirement["key"], requirement["op"]
    if op is None:
        return (key in labels) != bool(requirement["no"])
    listed = requirement["set"] or requirement["value"] or ""
    values = {value.strip() for value in listed.split(",")}
    return (labels.get(key) in values) == (op in ("=", "==", "in"))

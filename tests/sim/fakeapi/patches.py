"""Merge patch (RFC 7386) and a small server-side apply: one manager, merge by name, force."""

from collections.abc import Mapping
from typing import Any

NAMES = ("name", "containerPort", "port", "mountPath", "type", "uid", "key", "ip")


def merge_patch(target: Any, patch: Any) -> Any:
    """Return the target with the patch merged in; null removes."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def apply_patch(live: Any, before: Any, wanted: Any) -> Any:
    """Return the live value with what was applied before replaced by what is wanted now."""
    if isinstance(wanted, Mapping) and isinstance(live, Mapping | None):
        return _apply_map(live or {}, before if isinstance(before, Mapping) else {}, wanted)
    if isinstance(wanted, list) and (name := _name_of(wanted)):
        return _apply_list(live or [], before or [], wanted, name)
    return wanted


def _apply_map(
    live: Mapping[str, Any], before: Mapping[str, Any], wanted: Mapping[str, Any]
) -> dict[str, Any]:
    kept = {k: v for k, v in live.items() if k in wanted or k not in before}
    changed = {
        key: apply_patch(live.get(key), before.get(key), value)
        for key, value in wanted.items()
        if value is not None
    }
    return kept | changed


def _apply_list(live: list[Any], before: list[Any], wanted: list[Any], name: str) -> list[Any]:
    old, known = _by_name(live, name), _by_name(before, name)
    mine = {item[name] for item in wanted}
    applied = [apply_patch(old.get(i[name]), known.get(i[name]), i) for i in wanted]
    return applied + [item for key, item in old.items() if key not in mine and key not in known]


def _by_name(items: list[Any], name: str) -> dict[Any, Any]:
    return {item[name]: item for item in items if isinstance(item, Mapping) and name in item}


def _name_of(items: list[Any]) -> str | None:
    for name in NAMES:
        if items and all(isinstance(item, Mapping) and name in item for item in items):
            return name
    return None

"""Files of the Helm chart that follow from the models: values, their schema, rules and CRDs."""

import json
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel

from plumbline.api.generate import crd, rbac
from plumbline.api.generate.chart_values import Values
from plumbline.api.generate.files import HEADER, to_yaml

DRAFT = "https://json-schema.org/draft/2020-12/schema"
KEEP = {"helm.sh/resource-policy": "keep"}


def files() -> Iterator[tuple[PurePath, str]]:
    """Yield path and text of each generated file of the chart."""
    yield PurePath("values.yaml"), values_yaml()
    yield PurePath("values.schema.json"), json.dumps(values_schema(), indent=2) + "\n"
    for name, rules in rbac.ROLES.items():
        text = to_yaml([dict(rule) for rule in rules])
        yield PurePath("generated/rbac", f"{name}.yaml"), f"{HEADER}---\n{text}"
    yield PurePath("generated/crds.yaml"), HEADER + "".join(map(_kept, crd.definitions()))


def _kept(definition: dict[str, Any]) -> str:
    """Return a CRD that stays, and with it every object of its kind, when the chart goes."""
    metadata = {**definition["metadata"], "annotations": KEEP}
    return f"---\n{to_yaml({**definition, 'metadata': metadata})}"


def values_schema() -> dict[str, Any]:
    """Return the schema that Helm checks values against."""
    schema: dict[str, Any] = _untitled(Values.model_json_schema(by_alias=True))
    return {"$schema": DRAFT, **schema}


def _untitled(node: Any) -> Any:
    """Return a schema without the titles that pydantic makes of names."""
    if isinstance(node, list):
        return [_untitled(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {k: _untitled(v) for k, v in node.items() if not (k == "title" and isinstance(v, str))}


def values_yaml() -> str:
    """Return values.yaml: every value with its default and, above it, what it means."""
    return f"{HEADER}---\n" + "\n".join(_lines(Values())) + "\n"


def _lines(part: BaseModel) -> Iterator[str]:
    """Yield the lines of one part, not indented."""
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        if value is None or name == "global_":
            continue
        if field.description and field.description != type(value).__doc__:
            yield f"# {field.description}"
        elif field.description:
            yield from ("", f"# {field.description}")
        yield from _entry(field.alias or name, value)


def _entry(key: str, value: Any) -> Iterator[str]:
    if not isinstance(value, BaseModel):
        yield to_yaml({key: value}).rstrip()
    elif lines := list(_lines(value)):
        yield f"{key}:"
        yield from (f"  {line}".rstrip() for entry in lines for line in entry.split("\n"))
    else:
        yield f"{key}: {{}}"

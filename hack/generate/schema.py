"""A pydantic model as a structural schema: the dialect of JSON Schema that a CRD speaks.

Kubernetes wants every level typed, nothing by reference, no unions with null, and a bound on
each string and list so that CEL rules have a known cost.
"""

import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

Schema = dict[str, Any]

TEXT_BOUND = 1024
LIST_BOUND = 64
_DROPPED = ("title", "additionalProperties", "default", "anyOf", "$ref", "const", "$defs")


def structural(model: type[BaseModel], *, defaults: bool) -> Schema:
    """Return the structural schema of a model.

    Args:
        model: the model.
        defaults: whether defaults are part of the schema; a status must not have any.
    """
    root = model.model_json_schema(by_alias=True)
    definitions = {**root.get("$defs", {}), model.__name__: root}
    for part in _parts(model):
        _describe(definitions[part.__name__], part)
    return _Writer(definitions, defaults=defaults).write(root)


def _parts(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield a model and every model inside of it."""
    yield model
    for field in model.model_fields.values():
        for part in _models_in(field.annotation):
            yield from _parts(part)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def _describe(schema: Schema, model: type[BaseModel]) -> None:
    """Put the fields' docstrings back where pydantic drops them: beside a reference."""
    for name, field in model.model_fields.items():
        if field.description:
            schema["properties"][field.alias or name]["description"] = field.description


class _Writer:
    """Writes structural schemas out of JSON schemas that share definitions."""

    def __init__(self, definitions: dict[str, Schema], *, defaults: bool) -> None:
        self._definitions = definitions
        self._defaults = defaults

    def write(self, schema: Schema) -> Schema:
        """Return the structural form of one schema."""
        source = self._resolve(schema)
        written = {key: value for key, value in source.items() if key not in _DROPPED}
        self._write_children(source, written)
        _write_choice(written)
        _write_number(written)
        _write_bounds(written)
        _guard_rules(written)
        if "const" in source:
            written["enum"] = [source["const"]]
        if self._defaults and (default := plain(source.get("default"))) not in (None, {}, [], ""):
            written["default"] = default
        return dict(sorted(written.items(), key=_reading_order))

    def _resolve(self, schema: Schema) -> Schema:
        """Follow a reference and leave the null out of an optional one; the outer words win."""
        choices = [s for s in schema.get("anyOf", ()) if s.get("type") != "null"]
        if len(choices) > 1:
            raise ValueError(f"a union is not structural: {schema}")
        inner = choices[0] if choices else {}
        if reference := schema.get("$ref"):
            inner = self._definitions[reference.removeprefix("#/$defs/")]
        return {**self._resolve(inner), **schema} if inner else schema

    def _write_children(self, source: Schema, written: Schema) -> None:
        if "properties" in source:
            written["properties"] = {k: self.write(v) for k, v in source["properties"].items()}
        if "items" in source:
            written["items"] = self.write(source["items"])
        if isinstance(values := source.get("additionalProperties"), dict):
            written["additionalProperties"] = self.write(values)


def plain(value: Any) -> Any:
    """Return a JSON value without nulls, empty collections and needless decimal points."""
    match value:
        case dict():
            kept = {key: plain(item) for key, item in value.items()}
            return {key: item for key, item in kept.items() if item not in (None, {}, [], "")}
        case list():
            return [plain(item) for item in value]
        case float() if value.is_integer():
            return int(value)
    return value


def _write_choice(schema: Schema) -> None:
    """Leave the type out where an integer will do as well as a string."""
    if "x-kubernetes-int-or-string" in schema:
        schema.pop("type", None)


def _write_number(schema: Schema) -> None:
    """Give numbers a format, and exclusive bounds the form of OpenAPI 3.0."""
    formats = {"integer": "int64", "number": "double"}
    if (kind := schema.get("type")) in formats:
        schema["format"] = formats[kind]
    for bound in ("minimum", "maximum"):
        exclusive = f"exclusive{bound.capitalize()}"
        if exclusive in schema:
            schema |= {bound: schema[exclusive], exclusive: True}
        if bound in schema:
            schema[bound] = plain(schema[bound])


def _write_bounds(schema: Schema) -> None:
    """Bound each string and list that its model leaves open."""
    match schema.get("type"):
        case "string" if not schema.keys() & {"enum", "format", "maxLength"}:
            schema["maxLength"] = TEXT_BOUND
        case "array":
            schema.setdefault("maxItems", LIST_BOUND)
            schema.setdefault("x-kubernetes-list-type", "atomic")


def _guard_rules(schema: Schema) -> None:
    """Let a rule about an optional field hold where the field is absent; CEL calls that an error."""
    properties = schema.get("properties", {})
    certain = {name for name, part in properties.items() if "default" in part}
    certain |= set(schema.get("required", ()))
    rules = schema.get("x-kubernetes-validations", ())
    if rules:
        schema["x-kubernetes-validations"] = [_guarded(rule, certain) for rule in rules]


def _guarded(rule: Schema, certain: set[str]) -> Schema:
    text: str = rule["rule"]
    named = re.findall(r"(?<!has\()\bself\.(\w+)", text)
    unasked = sorted(n for n in set(named) - certain if f"has(self.{n})" not in text)
    guards = "".join(f"!has(self.{name}) || " for name in unasked)
    return {**rule, "rule": f"{guards}({text})" if guards else text}


_ORDER = ("description", "type", "format", "default", "enum", "required")


def _reading_order(item: tuple[str, Any]) -> tuple[int, str]:
    """Sort what a reader looks for first to the top."""
    return (_ORDER.index(item[0]) if item[0] in _ORDER else len(_ORDER), item[0])

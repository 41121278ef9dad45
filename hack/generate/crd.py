"""CustomResourceDefinitions: names, columns, subresources and the schema of each kind."""

from typing import Any

from plumbline.api.meta import VERSION, validations
from plumbline.plan.kind import Kind
from plumbline.plan.registry import KINDS
from pydantic import BaseModel

from hack.generate.schema import Schema, plain, structural

NAME_LIMIT = 40
CATEGORY = "mlops"
_SCALE = {
    "specReplicasPath": ".spec.replicas",
    "statusReplicasPath": ".status.replicas",
    "labelSelectorPath": ".status.selector",
}
_API_VERSION = "Version of the API that the object is written in."
_KIND = "Kind of the object."


def definitions() -> list[dict[str, Any]]:
    """Return the CustomResourceDefinition of every kind."""
    return [_definition(kind) for kind in KINDS]


def _definition(kind: Kind[Any]) -> dict[str, Any]:
    resource = kind.resource
    names = {
        "kind": resource.kind,
        "listKind": f"{resource.kind}List",
        "plural": resource.plural,
        "singular": resource.kind.lower(),
        "shortNames": [kind.short_name],
        "categories": [CATEGORY],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{resource.plural}.{resource.group}",
            "labels": {"app.kubernetes.io/name": "plumbline"},
        },
        "spec": {
            "group": resource.group,
            "names": names,
            "scope": "Namespaced",
            "versions": [_version(kind)],
        },
    }


def _version(kind: Kind[Any]) -> dict[str, Any]:
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": _schema(kind)},
        "additionalPrinterColumns": [dict(column) for column in kind.columns],
        "subresources": {"status": {}, **({"scale": _SCALE} if kind.scalable else {})},
    }


def _schema(kind: Kind[Any]) -> Schema:
    """Return the schema of a whole object: Kubernetes' own fields, spec and status."""
    properties: Schema = {
        "apiVersion": {"description": _API_VERSION, "type": "string"},
        "kind": {"description": _KIND, "type": "string"},
        "metadata": {"type": "object"},
        "spec": structural(_part(kind.model, "spec"), defaults=True),
        "status": _status(_part(kind.model, "status")),
    }
    return {
        "description": kind.model.__doc__,
        "type": "object",
        "required": ["spec"],
        "properties": properties,
        **_name_rules(kind),
    }


def _status(model: type[BaseModel]) -> Schema:
    """Return a status that says "not seen yet" before the operator has looked at the object.

    Without that default, tools that judge health take a fresh object for a finished one.
    """
    schema = structural(model, defaults=False)
    return {**schema, "default": plain({"observedGeneration": -1})}


def _part(model: type[BaseModel], field: str) -> type[BaseModel]:
    annotation = model.model_fields[field].annotation
    assert isinstance(annotation, type)  # noqa: S101 - spec and status are models
    return annotation


def _name_rules(kind: Kind[Any]) -> Schema:
    """Return the rules that leave room for the names of children, and let others refer to it."""
    return validations(
        (
            f"size(self.metadata.name) <= {NAME_LIMIT}",
            f"metadata.name must be at most {NAME_LIMIT} characters",
        ),
        ("!self.metadata.name.contains('.')", "metadata.name must not contain a dot"),
        *kind.cel_rules,
    )

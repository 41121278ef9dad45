"""CustomResourceDefinitions: names, columns, subresources and the schema of each kind."""

from typing import Any

from plumbline.api.meta import VERSION, validations
from plumbline.api.objects import Manifest, Resource
from plumbline.api.resources import OURS
from plumbline.api.v1alpha1 import KINDS
from pydantic import BaseModel

from hack.generate.columns import PRINTER_COLUMNS
from hack.generate.schema import Schema, plain, structural

NAME_LIMIT = 40
CATEGORY = "mlops"
SHORT_NAMES = {
    "Dataset": "dset",
    "TrainingTemplate": "ttpl",
    "TrainingRun": "trun",
    "ModelDeployment": "mdep",
    "DriftMonitor": "dmon",
}
_SCALE = {
    "specReplicasPath": ".spec.replicas",
    "statusReplicasPath": ".status.replicas",
    "labelSelectorPath": ".status.selector",
}
_API_VERSION = "Version of the API that the object is written in."
_KIND = "Kind of the object."


def definitions() -> list[dict[str, Any]]:
    """Return the CustomResourceDefinition of every kind."""
    resources = {resource.kind: resource for resource in OURS}
    return [_definition(resources[kind.__name__], kind) for kind in KINDS]


def _definition(resource: Resource, model: type[BaseModel]) -> dict[str, Any]:
    names = {
        "kind": resource.kind,
        "listKind": f"{resource.kind}List",
        "plural": resource.plural,
        "singular": resource.kind.lower(),
        "shortNames": [SHORT_NAMES[resource.kind]],
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
            "versions": [_version(resource.kind, model)],
        },
    }


def _version(kind: str, model: type[BaseModel]) -> dict[str, Any]:
    version: dict[str, Any] = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": _schema(model)},
        "additionalPrinterColumns": [dict(column) for column in PRINTER_COLUMNS[kind]],
    }
    if subresources := _subresources(model):
        version["subresources"] = subresources
    return version


def _subresources(model: type[BaseModel]) -> Manifest:
    found: dict[str, Any] = {"status": {}} if "status" in model.model_fields else {}
    if model.__name__ == "ModelDeployment":
        found["scale"] = _SCALE
    return found


def _schema(model: type[BaseModel]) -> Schema:
    """Return the schema of a whole object: Kubernetes' own fields, spec and status."""
    properties: Schema = {
        "apiVersion": {"description": _API_VERSION, "type": "string"},
        "kind": {"description": _KIND, "type": "string"},
        "metadata": {"type": "object"},
        "spec": structural(_part(model, "spec"), defaults=True),
    }
    if "status" in model.model_fields:
        properties["status"] = _status(_part(model, "status"))
    return {
        "description": model.__doc__,
        "type": "object",
        "required": ["spec"],
        "properties": properties,
        **_name_rules(model.__name__),
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


def _name_rules(kind: str) -> Schema:
    """Return the rules that leave room for the names of children, and let others refer to it."""
    rules = [
        (
            f"size(self.metadata.name) <= {NAME_LIMIT}",
            f"metadata.name must be at most {NAME_LIMIT} characters",
        ),
        ("!self.metadata.name.contains('.')", "metadata.name must not contain a dot"),
    ]
    if kind == "ModelDeployment":
        begins = "metadata.name must begin with a letter: its Service has the same name"
        rules.append(("self.metadata.name.matches('^[a-z]')", begins))
    return validations(*rules)

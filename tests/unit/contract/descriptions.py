"""Descriptions of compiled models that say only what a test is about."""

from collections.abc import Sequence
from typing import Any

from plumbline.contract import model_json
from plumbline.contract.model_json import Description, Linear, Reference


def described(
    features: Sequence[dict[str, Any]],
    reference: Sequence[dict[str, Any]],
    classes: list[Any] | None = None,
) -> Description:
    """Return the description of a linear model."""
    return Description(
        format=model_json.FORMAT,
        task="Classification" if classes else "Regression",
        target="y",
        classes=classes,
        features=[model_json.read_feature(each) for each in features],
        inputs=[],
        engine=Linear(link="identity"),
        reference=Reference(list(reference)),
    )

"""Compiled models, which are loaded without scikit-learn and without code from the model."""

from plumbline.serving.engines.model import Model, ModelError, load

__all__ = ["Model", "ModelError", "load"]

"""Compiled models: loaded without scikit-learn and without running anybody's code."""

from plumbline.serving.engines.model import Model, ModelError, load

__all__ = ["Model", "ModelError", "load"]

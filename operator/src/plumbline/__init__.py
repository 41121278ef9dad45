"""Plumbline takes a model from data to production and keeps it true."""

__version__ = "0.1.0"

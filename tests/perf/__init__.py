"""Benches: each package below is one, and says with `python -m` what it has measured."""

"""Reads a source: finds its files, reads them as typed tables, and identifies rows by digest."""

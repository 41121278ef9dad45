"""Brings a source here: finds files, reads them as typed tables, knows rows by digest."""

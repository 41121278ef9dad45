"""The plan of a DriftMonitor."""

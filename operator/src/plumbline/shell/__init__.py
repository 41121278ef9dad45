"""The process: settings, kopf, metrics, probes, and the wiring of kinds to the engine."""

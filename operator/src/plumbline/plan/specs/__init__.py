"""The manifests of child objects, built from values only."""

"""The child objects as manifests, built from values alone."""

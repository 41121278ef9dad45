"""Artifacts by digest: immutable blobs, and the manifests that point at them."""

"""The wire: the only HTTP to the Kubernetes API server."""

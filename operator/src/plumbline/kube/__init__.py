"""The client of the Kubernetes API server; all HTTP to it is here."""

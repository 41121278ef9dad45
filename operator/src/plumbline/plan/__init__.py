"""The plans: one pure function per kind, from a snapshot of the cluster to a plan."""

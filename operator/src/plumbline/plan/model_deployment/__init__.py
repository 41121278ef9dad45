"""The plan of a ModelDeployment."""

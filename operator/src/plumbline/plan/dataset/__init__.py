"""The plan of a Dataset."""

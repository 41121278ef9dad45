"""The profile Job: checks the rows, chooses the holdout, and describes the rows for drift."""

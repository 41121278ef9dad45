"""The plans of a TrainingTemplate and a TrainingRun."""

"""The train Job: fetches the rows to train on, trains and uploads the model."""

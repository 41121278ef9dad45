"""The demo on a real cluster with real flights: training, serving, drift, retraining, failures."""

"""The judge Job: fetches the holdout, predicts it and evaluates the predictions."""

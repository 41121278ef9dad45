"""The train Job: fetch what may be learnt from, train, upload."""

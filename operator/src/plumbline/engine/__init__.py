"""The machine: cache, informer, queue, workers and the clock. It knows no kind."""

"""From a fitted model to one that serves without its library, and the proof of it."""

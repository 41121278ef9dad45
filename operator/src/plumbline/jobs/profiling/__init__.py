"""The profile Job: what rows must hold, which of them judge, what their windows look like."""

"""What drift detection costs: on a request's path, in the background, and for a whole window."""

"""What plans of several kinds share."""

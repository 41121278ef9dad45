"""The model server: protocol, engines, forwarding to the canary, counts and draining."""

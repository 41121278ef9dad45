"""What runs inside serving pods: protocol, engines, forwarding, counts and drain."""

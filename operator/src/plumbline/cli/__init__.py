"""The command line `plumbline`, also found as `kubectl plumbline`."""

"""Live traffic: counts by second, how far they are complete, and the alarms that they raise."""

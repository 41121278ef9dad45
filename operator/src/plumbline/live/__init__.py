"""Live traffic: counts by second, how far they reach, and the alarms raised on them."""

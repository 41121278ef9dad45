"""Time as a value: it stands still until a story lets it pass."""

from datetime import UTC, datetime, timedelta

from tests.unit.engine.clock import SetClock

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


class Time(SetClock):
    """A clock that begins at noon."""

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def stamp(self) -> str:
        """Return the time as the API server writes it."""
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def jump(self, seconds: float) -> None:
        """Let time pass at once: what was due meanwhile comes late, and only once."""
        self.seconds += seconds
        self.advance(0)

"""Events inform and never flood."""

from datetime import UTC, datetime, timedelta

from plumbline.api.plan import Event
from plumbline.kube.events import MESSAGE_BYTES, EventRecorder, cut, name_of

from tests.sim.fakeapi.backends import EVENT, WIDGET, Backend, fake_backend

TOO_BIG = Event(type="Warning", reason="TooBig", message="9 GB")


def test_the_same_words_have_the_same_name_and_others_have_another() -> None:
    about = {"metadata": {"name": "one", "uid": "u1"}}
    again = {"metadata": {"name": "one", "uid": "u2"}}
    other = Event(type="Warning", reason="TooBig", message="8 GB")
    assert name_of(about, TOO_BIG) == name_of(about, TOO_BIG)
    assert len({name_of(about, TOO_BIG), name_of(about, other), name_of(again, TOO_BIG)}) == 3


def test_a_long_message_is_cut_between_characters() -> None:
    assert cut("short") == "short"
    assert len(cut("ü€" * 1000).encode()) <= MESSAGE_BYTES
    assert cut("ü€" * 1000).endswith("...")


async def test_an_event_that_goes_on_is_counted_once_a_minute() -> None:
    async with fake_backend() as backend:
        assert backend.fake
        about, time = (
            await backend.create(WIDGET, "one", spec={}),
            [datetime(2026, 1, 1, tzinfo=UTC)],
        )
        recorder = EventRecorder(backend.client, now=lambda: time[0])
        for _ in range(180):
            await recorder.record(about, TOO_BIG)
            time[0] += timedelta(seconds=1)
        (event,) = backend.fake.store.list(EVENT, "here")
        assert event["count"] == 3
        assert event["firstTimestamp"] == "2026-01-01T00:00:00Z"
        assert event["lastTimestamp"] == "2026-01-01T00:02:00Z"


async def test_an_event_that_cannot_be_written_stops_nothing() -> None:
    async with fake_backend() as backend:
        assert backend.fake
        about = await backend.create(WIDGET, "one", spec={})
        backend.fake.faults.add("error", plural="events")
        await EventRecorder(backend.client).record(about, TOO_BIG)
        assert _events(backend) == 0


def _events(backend: Backend) -> int:
    assert backend.fake
    return len(backend.fake.store.list(EVENT, "here"))

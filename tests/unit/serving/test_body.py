"""A client that sends slowly or without end holds the server no longer than the bounds say."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from plumbline.serving.body import Body, Room
from plumbline.serving.errors import RequestError


class Client:
    """Sends a part again and again; or only once, and then nothing for ever."""

    def __init__(self, part: bytes, *, once: bool = False) -> None:
        self.part, self.once, self.sent = part, once, 0

    async def __call__(self) -> Mapping[str, Any]:
        if self.once and self.sent:
            await asyncio.Event().wait()
        self.sent += len(self.part)
        return {"type": "http.request", "body": self.part, "more_body": True}


async def test_a_body_that_stops_halfway_is_given_up() -> None:
    with pytest.raises(RequestError, match="did not arrive") as caught:
        await Body({}, Client(b"{", once=True), Room()).read(seconds=0.01)
    assert caught.value.status == 408


async def test_a_body_without_end_is_read_up_to_the_limit_only() -> None:
    client = Client(b"x" * 10)
    with pytest.raises(RequestError, match="larger than 100 bytes"):
        await Body({}, client, Room()).read(limit=100)
    assert client.sent == 110


async def test_a_refused_body_is_discarded_up_to_a_limit_of_bytes_and_of_time() -> None:
    endless, stuck = Client(b"x" * 10), Client(b"x" * 10, once=True)
    await Body({}, endless, Room()).discard(limit=100)
    await Body({}, stuck, Room()).discard(seconds=0.01)
    assert (endless.sent, stuck.sent) == (100, 10)


async def test_bodies_for_which_there_is_no_room_are_refused_until_others_are_done() -> None:
    room = Room(1000)
    bodies = [Body({}, Client(b"x" * 300), room) for _ in range(2)]
    with pytest.raises(RequestError, match="larger"):
        await bodies[0].read(limit=800)
    with pytest.raises(RequestError, match="try again") as caught:
        await bodies[1].read(limit=800)
    assert (caught.value.status, caught.value.headers) == (503, {b"retry-after": b"1"})
    for body in bodies:
        body.release()
    assert room.free == 1000


async def test_what_a_slow_client_has_sent_first_takes_room_too() -> None:
    room = Room(1000)
    slow = Body({}, Client(b"x" * 900, once=True), room)
    with pytest.raises(RequestError, match="did not arrive"):
        await slow.read(seconds=0.01)
    with pytest.raises(RequestError, match="try again"):
        await Body({}, Client(b"x" * 900, once=True), room).read(seconds=0.01)
    slow.release()
    assert room.free == 1000

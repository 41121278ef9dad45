"""What leaves the wire is an answer or an error of ours, whatever happens on it."""

import asyncio

import pytest
from aiohttp import web
from plumbline.kube import transport
from plumbline.kube.client import Client, path_of
from plumbline.kube.config import Connection
from plumbline.kube.errors import Throttled, Unavailable
from plumbline.kube.levels import is_unreadable

from tests.sim.fakeapi import levels
from tests.sim.fakeapi.backends import CONFIG_MAP, WIDGET, fake_backend
from tests.sim.shell.process import free_port


def test_paths_are_those_of_the_api() -> None:
    assert path_of(CONFIG_MAP, "here", "one") == "/api/v1/namespaces/here/configmaps/one"
    assert path_of(WIDGET, None) == f"/apis/{WIDGET.group}/v1/widgets"


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    async with Client(Connection(server="http://127.0.0.1:1")) as client:
        with pytest.raises(Unavailable, match="list widgets"):
            await client.list(WIDGET)


async def test_an_answer_that_never_comes_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "TIMEOUT_SECONDS", 0.05)
    async with fake_backend() as backend:
        assert backend.fake
        backend.fake.faults.add("hang", verb="get")
        with pytest.raises(Unavailable, match="get Widget here/one"):
            await backend.client.get(backend.key(WIDGET, "one"))


async def test_a_watch_that_is_silent_too_long_is_unavailable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "SILENCE_SECONDS", 0.05)
    async with fake_backend() as backend:
        with pytest.raises(Unavailable, match="watch widgets"):
            async for _ in backend.client.watch(WIDGET, since="1"):
                pass


async def test_a_busy_server_says_when_to_come_back() -> None:
    async with fake_backend() as backend:
        assert backend.fake
        backend.fake.faults.add("throttle", verb="list", retry_after="9")
        with pytest.raises(Throttled, match="come back later") as told:
            await backend.client.list(WIDGET)
        assert told.value.retry_after_seconds == 9


async def test_a_list_of_many_pages_is_one_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plumbline.kube.client.PAGE", 3)
    async with fake_backend() as backend:
        assert backend.fake
        await asyncio.gather(*(backend.create(WIDGET, f"w{n}", spec={}) for n in range(8)))
        backend.fake.calls.clear()
        items, version = await backend.client.list(WIDGET)
        assert len({item["metadata"]["name"] for item in items}) == 8
        assert version == str(backend.fake.store.version)
        assert len(backend.fake.calls) == 3


@pytest.mark.parametrize("number", [400, 5_000])
async def test_one_object_of_too_many_levels_does_not_hide_all_others(number: int) -> None:
    async with fake_backend() as backend:
        await backend.create(WIDGET, "flat", spec={})
        await backend.create(WIDGET, "deep", spec={"levels": levels.of(number)})
        items, _ = await backend.client.list(WIDGET)
        assert [item["metadata"]["name"] for item in items if is_unreadable(item)] == ["deep"]
        assert {item["metadata"]["name"] for item in items} == {"deep", "flat"}


async def test_lists_of_two_kinds_at_once_do_not_mix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plumbline.kube.client.PAGE", 2)
    async with fake_backend() as backend:
        for number in range(5):
            await backend.create(WIDGET, f"w{number}", spec={})
            await backend.create(CONFIG_MAP, f"c{number}", data={})
        both = await asyncio.gather(*(backend.client.list(r) for r in (WIDGET, CONFIG_MAP)))
        names = [{item["metadata"]["name"][0] for item in items} for items, _ in both]
        assert names == [{"w"}, {"c"}]


async def test_requests_are_counted_by_verb_and_resource() -> None:
    counted: list[tuple[str, str]] = []
    async with fake_backend() as backend:
        server = Connection(server=backend.connection.server)
        async with Client(server, on_request=lambda *each: counted.append(each)) as client:
            await client.list(WIDGET)
            await client.create(
                backend.key(WIDGET, "one"), backend.manifest(WIDGET, "one", spec={})
            )
    assert counted == [("GET", "widgets"), ("POST", "widgets")]


async def answers(port: int, text: str) -> web.AppRunner:
    """Serve this text as the answer to everything."""
    app = web.Application()

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type="application/json")

    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner


@pytest.mark.parametrize(
    "text", ["[1]", "7", "null", "{}", '{"items": []}', '{"items": [], "metadata": null}', "<p>"]
)
async def test_what_is_no_list_is_an_error_and_not_the_end_of_the_process(text: str) -> None:
    port = free_port()
    runner = await answers(port, text)
    async with Client(Connection(server=f"http://127.0.0.1:{port}")) as client:
        with pytest.raises(Unavailable, match="list widgets"):
            await client.list(WIDGET)
    await runner.cleanup()


async def test_a_list_whose_items_are_null_is_empty() -> None:
    port = free_port()
    runner = await answers(port, '{"items": null, "metadata": {"resourceVersion": "7"}}')
    async with Client(Connection(server=f"http://127.0.0.1:{port}")) as client:
        assert await client.list(WIDGET) == ([], "7")
    await runner.cleanup()

"""What the engine relies on from an API server, asked of the fake and of a real one alike."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
from plumbline.kube.client import path_of
from plumbline.kube.errors import AlreadyExists, Conflict, Gone, Invalid, NotFound
from plumbline.kube.transport import Request, Transport

from tests.sim.fakeapi.backends import CONFIG_MAP, WIDGET, Backend, any_backend  # noqa: F401
from tests.sim.fakeapi.waiting import eventually

Object = dict[str, Any]


async def take(events: AsyncIterator[Object], number: int) -> list[Object]:
    """Return the next events that are no bookmarks."""
    found: list[Object] = []
    async with asyncio.timeout(10), aclosing(events) as open_events:  # type: ignore[type-var]
        async for event in open_events:
            if event["type"] != "BOOKMARK":
                found.append(event)
            if len(found) == number:
                break
    return found


def words(events: list[Object]) -> list[tuple[str, str]]:
    return [(event["type"], event["object"]["metadata"]["name"]) for event in events]


async def test_a_new_object_gets_an_identity_and_no_status_of_its_own_making(
    backend: Backend,
) -> None:
    made = await backend.create(WIDGET, "one", spec={"size": 1}, status={"forged": True})
    assert made["metadata"]["uid"]
    assert made["metadata"]["generation"] == 1
    assert int(made["metadata"]["resourceVersion"]) > 0
    assert "status" not in made


async def test_a_name_is_given_once(backend: Backend) -> None:
    await backend.create(WIDGET, "one", spec={})
    with pytest.raises(AlreadyExists, match=f"create Widget {backend.namespace}/one"):
        await backend.create(WIDGET, "one", spec={})


async def test_a_broken_object_is_refused_for_good(backend: Backend) -> None:
    with pytest.raises(Invalid, match="Not_A_Name"):
        await backend.create(WIDGET, "Not_A_Name", spec={})


async def test_what_does_not_exist_is_not_found(backend: Backend) -> None:
    key = backend.key(WIDGET, "none")
    with pytest.raises(NotFound, match=f"get Widget {backend.namespace}/none"):
        await backend.client.get(key)
    with pytest.raises(NotFound):
        await backend.client.delete(key, uid="none")
    with pytest.raises(NotFound):
        await backend.client.replace_status(key, backend.manifest(WIDGET, "none"))


async def test_only_a_new_spec_is_a_new_generation(backend: Backend) -> None:
    key = backend.key(WIDGET, "one")
    made = await backend.create(WIDGET, "one", spec={"size": 1})
    labelled = await backend.client.merge(key, {"metadata": {"labels": {"a": "b"}}})
    stated = await backend.client.replace_status(key, labelled | {"status": {"seen": 1}})
    resized = await backend.client.merge(key, {"spec": {"size": 2}})
    generations = [o["metadata"]["generation"] for o in (made, labelled, stated, resized)]
    assert generations == [1, 1, 1, 2]
    assert resized["status"] == {"seen": 1}


async def test_a_status_write_cannot_change_the_spec(backend: Backend) -> None:
    made = await backend.create(WIDGET, "one", spec={"size": 1})
    wanted = made | {"spec": {"size": 9}, "status": {"seen": 1}}
    stated = await backend.client.replace_status(backend.key(WIDGET, "one"), wanted)
    assert (stated["spec"], stated["status"]) == ({"size": 1}, {"seen": 1})


async def test_a_status_write_on_an_old_version_is_refused(backend: Backend) -> None:
    key = backend.key(WIDGET, "one")
    made = await backend.create(WIDGET, "one", spec={"size": 1})
    await backend.client.merge(key, {"spec": {"size": 2}})
    with pytest.raises(Conflict, match=f"set the status of Widget {backend.namespace}/one"):
        await backend.client.replace_status(key, made | {"status": {"seen": 1}})


async def test_writing_what_is_there_already_makes_no_new_version(backend: Backend) -> None:
    key = backend.key(WIDGET, "one")
    made = await backend.create(WIDGET, "one", spec={"size": 1})
    stated = await backend.client.replace_status(key, made | {"status": {"seen": 1}})
    again = await backend.client.replace_status(key, stated)
    merged = await backend.client.merge(key, {"spec": {"size": 1}})
    versions = {o["metadata"]["resourceVersion"] for o in (stated, again, merged)}
    assert len(versions) == 1


async def test_a_merge_removes_what_is_null_and_minds_the_version_it_names(
    backend: Backend,
) -> None:
    key = backend.key(WIDGET, "one")
    made = await backend.create(WIDGET, "one", spec={"size": 1, "colour": "red"})
    merged = await backend.client.merge(key, {"spec": {"colour": None}})
    assert merged["spec"] == {"size": 1}
    old = {"resourceVersion": made["metadata"]["resourceVersion"]}
    with pytest.raises(Conflict):
        await backend.client.merge(key, {"metadata": old, "spec": {"size": 2}})


async def test_apply_creates_keeps_others_fields_and_removes_its_own(backend: Backend) -> None:
    key = backend.key(CONFIG_MAP, "one")
    made = await backend.client.apply(
        key, backend.manifest(CONFIG_MAP, "one", data={"ours": "1", "dropped": "2"})
    )
    assert made["data"] == {"ours": "1", "dropped": "2"}
    await backend.client.merge(key, {"data": {"theirs": "3"}})
    wanted = backend.manifest(CONFIG_MAP, "one", data={"ours": "1"})
    applied = await backend.client.apply(key, wanted)
    again = await backend.client.apply(key, wanted)
    assert applied["data"] == {"ours": "1", "theirs": "3"}
    assert again["metadata"]["resourceVersion"] == applied["metadata"]["resourceVersion"]


async def test_apply_takes_back_a_field_that_somebody_has_changed(backend: Backend) -> None:
    key, wanted = (
        backend.key(CONFIG_MAP, "one"),
        backend.manifest(CONFIG_MAP, "one", data={"a": "1"}),
    )
    await backend.client.apply(key, wanted)
    await backend.client.merge(key, {"data": {"a": "2"}})
    assert (await backend.client.apply(key, wanted))["data"] == {"a": "1"}


async def test_apply_on_an_object_of_a_known_uid_never_makes_a_new_one(backend: Backend) -> None:
    wanted = backend.manifest(CONFIG_MAP, "one", data={"a": "1"})
    wanted["metadata"]["uid"] = "11111111-2222-3333-4444-555555555555"
    with pytest.raises(Conflict):
        await backend.client.apply(backend.key(CONFIG_MAP, "one"), wanted)
    with pytest.raises(NotFound):
        await backend.client.get(backend.key(CONFIG_MAP, "one"))


async def test_a_delete_minds_the_uid(backend: Backend) -> None:
    key = backend.key(WIDGET, "one")
    made = await backend.create(WIDGET, "one", spec={})
    with pytest.raises(Conflict):
        await backend.client.delete(key, uid="11111111-2222-3333-4444-555555555555")
    await backend.client.delete(key, uid=made["metadata"]["uid"])
    with pytest.raises(NotFound):
        await backend.client.get(key)


async def test_an_object_with_a_finalizer_goes_when_the_finalizer_does(backend: Backend) -> None:
    key, manifest = backend.key(WIDGET, "one"), backend.manifest(WIDGET, "one", spec={})
    manifest["metadata"]["finalizers"] = ["conformance.plumbline.dev/hold"]
    made = await backend.client.create(key, manifest)
    going = await backend.client.delete(key, uid=made["metadata"]["uid"])
    assert going["metadata"]["deletionTimestamp"]
    assert (await backend.client.get(key))["metadata"]["deletionTimestamp"]
    await backend.client.merge(key, {"metadata": {"finalizers": None}})
    with pytest.raises(NotFound):
        await backend.client.get(key)


async def test_children_go_with_their_owner(backend: Backend) -> None:
    owner = await backend.create(WIDGET, "owner", spec={})
    child = backend.manifest(CONFIG_MAP, "child", data={})
    child["metadata"]["ownerReferences"] = [
        {
            "apiVersion": WIDGET.api_version,
            "kind": WIDGET.kind,
            "name": "owner",
            "uid": owner["metadata"]["uid"],
            "controller": True,
        }
    ]
    await backend.client.create(backend.key(CONFIG_MAP, "child"), child)
    await backend.client.delete(backend.key(WIDGET, "owner"), uid=owner["metadata"]["uid"])

    async def is_gone() -> bool:
        try:
            await backend.client.get(backend.key(CONFIG_MAP, "child"))
        except NotFound:
            return True
        return False

    await eventually(is_gone, seconds=60)


async def test_a_list_holds_what_the_selector_and_the_namespace_say(backend: Backend) -> None:
    await backend.create(WIDGET, "red", spec={}, labels={"colour": "red"})
    await backend.create(WIDGET, "blue", spec={}, labels={"colour": "blue", "big": "yes"})
    await backend.create(WIDGET, "plain", spec={})

    async def names(labels: str) -> list[str]:
        items, _ = await backend.client.list(WIDGET, namespace=backend.namespace, labels=labels)
        assert all(item["kind"] == "Widget" for item in items)
        return sorted(item["metadata"]["name"] for item in items)

    assert await names("") == ["blue", "plain", "red"]
    assert await names("colour=red") == ["red"]
    assert await names("colour!=red") == ["blue", "plain"]
    assert await names("colour in (red,blue),!big") == ["red"]


async def test_pages_show_one_moment_and_the_watch_goes_on_from_there(backend: Backend) -> None:
    for name in ("a", "b", "d"):
        await backend.create(WIDGET, name, spec={})
    transport = Transport(backend.connection, lambda verb, plural: None)
    await transport.open()
    path = path_of(WIDGET, backend.namespace)

    async def page(**query: str) -> Object:
        request = Request(attempt="list", method="GET", path=path, plural="widgets", query=query)
        return await transport.call(request)

    first = await page(limit="2")
    await backend.create(WIDGET, "c", spec={})
    second = await page(limit="2", **{"continue": first["metadata"]["continue"]})
    await transport.close()

    names = [item["metadata"]["name"] for item in first["items"] + second["items"]]
    version = second["metadata"]["resourceVersion"]
    assert names == ["a", "b", "d"]
    assert version == first["metadata"]["resourceVersion"]
    watched = backend.client.watch(WIDGET, since=version, namespace=backend.namespace)
    assert words(await take(watched, 1)) == [("ADDED", "c")]


async def test_a_watch_tells_every_change_in_order(backend: Backend) -> None:
    key = backend.key(WIDGET, "one")
    _, version = await backend.client.list(WIDGET, namespace=backend.namespace)
    made = await backend.create(WIDGET, "one", spec={"size": 1})
    await backend.client.merge(key, {"spec": {"size": 2}})
    await backend.client.delete(key, uid=made["metadata"]["uid"])
    events = await take(backend.client.watch(WIDGET, since=version, namespace=backend.namespace), 3)
    assert words(events) == [("ADDED", "one"), ("MODIFIED", "one"), ("DELETED", "one")]
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in events]
    assert int(version) < versions[0] < versions[1] < versions[2]


async def test_to_leave_the_selector_is_to_be_deleted_and_to_enter_it_to_be_added(
    backend: Backend,
) -> None:
    key = backend.key(WIDGET, "one")
    await backend.create(WIDGET, "one", spec={}, labels={"colour": "red"})
    _, version = await backend.client.list(WIDGET, namespace=backend.namespace)
    await backend.client.merge(key, {"metadata": {"labels": {"colour": "blue"}}})
    await backend.client.merge(key, {"metadata": {"labels": {"colour": "red"}}})
    watched = backend.client.watch(
        WIDGET, since=version, namespace=backend.namespace, labels="colour=red"
    )
    events = await take(watched, 2)
    assert words(events) == [("DELETED", "one"), ("ADDED", "one")]
    first, second = (int(e["object"]["metadata"]["resourceVersion"]) for e in events)
    assert int(version) < first < second


async def test_a_quiet_watch_tells_nothing_but_bookmarks_and_ends(backend: Backend) -> None:
    _, version = await backend.client.list(WIDGET, namespace=backend.namespace)
    watch = backend.client.watch(
        WIDGET,
        since=version,
        namespace=backend.namespace,
        labels="wanted=yes",
        timeout_seconds=4,
    )
    await backend.create(WIDGET, "unwanted", spec={})
    events = [event async for event in watch]
    # A server promises no bookmark: with little going on it often sends none.
    assert {event["type"] for event in events} <= {"BOOKMARK"}
    assert all(int(e["object"]["metadata"]["resourceVersion"]) >= int(version) for e in events)


async def test_a_watch_from_too_long_ago_is_gone(backend: Backend) -> None:
    await backend.create(WIDGET, "one", spec={})
    if backend.fake:
        backend.fake.store.history.forget(before=backend.fake.store.version)
    with pytest.raises(Gone, match="watch widgets"):
        await take(backend.client.watch(WIDGET, since="1"), 1)

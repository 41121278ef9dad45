"""The cache only ever goes forward."""

import random
from typing import Any

import pytest
from plumbline.api.objects import Key, Resource
from plumbline.engine.cache import Cache
from plumbline.kube.levels import UNREADABLE

KIND = Resource("example.org", "v1", "Thing", "things")
OTHER = Resource("", "v1", "ConfigMap", "configmaps")
ONE = Key(KIND, "here", "one")
Object = dict[str, Any]


def thing(version: int | str, *, uid: str = "u1", **metadata: Any) -> Object:
    return {"metadata": {"name": "one", "uid": uid, "resourceVersion": str(version)} | metadata}


def seen(cache: Cache) -> str | None:
    obj = cache.get(ONE)
    return obj["metadata"]["resourceVersion"] if obj else None


def test_an_older_event_does_not_undo_the_answer_to_our_own_write() -> None:
    cache = Cache()
    cache.observe(ONE, thing(9))
    assert cache.observe(ONE, thing(10))
    assert not cache.observe(ONE, thing(9))
    assert seen(cache) == "10"


def test_a_deleted_object_is_not_brought_back_by_an_older_event() -> None:
    cache = Cache()
    cache.observe(ONE, thing(9))
    cache.forget_deleted(ONE, thing(12))
    assert not cache.observe(ONE, thing(11))
    assert seen(cache) is None


def test_a_late_answer_does_not_bring_back_what_a_list_has_missed() -> None:
    cache = Cache()
    cache.observe(ONE, thing(9))
    cache.forget_absent(ONE, as_of="20")
    assert not cache.observe(ONE, thing(15))
    assert seen(cache) is None


def test_a_list_does_not_lay_what_is_newer_than_the_list() -> None:
    cache = Cache()
    cache.observe(ONE, thing(21))
    cache.forget_absent(ONE, as_of="20")
    assert seen(cache) == "21"


def test_an_object_that_enters_the_selector_again_is_back() -> None:
    cache = Cache()
    cache.observe(ONE, thing(9))
    cache.forget_deleted(ONE, thing(12))
    assert cache.observe(ONE, thing(13))
    assert seen(cache) == "13"


def test_an_object_that_was_not_found_is_gone_for_good() -> None:
    cache = Cache()
    cache.observe(ONE, thing(9))
    cache.forget_missing(ONE, uid="u1")
    assert not cache.observe(ONE, thing(99))
    assert cache.observe(ONE, thing(100, uid="u2"))


def test_the_end_of_an_earlier_object_does_not_touch_its_successor() -> None:
    cache = Cache()
    cache.observe(ONE, thing(9))
    cache.observe(ONE, thing(20, uid="u2"))
    cache.forget_deleted(ONE, thing(15))
    cache.forget_missing(ONE, uid="u1")
    assert seen(cache) == "20"
    assert not cache.observe(ONE, thing(99, uid="u1"))


def test_versions_are_compared_as_numbers_and_else_as_different() -> None:
    cache = Cache()
    cache.observe(ONE, thing(9))
    assert cache.observe(ONE, thing(10))
    assert cache.observe(ONE, thing("opaque"))
    assert not cache.observe(ONE, thing("opaque"))
    assert cache.observe(ONE, thing("other"))


def test_objects_are_found_by_place_and_by_owner() -> None:
    cache = Cache()
    owner = {"uid": "boss", "controller": True}
    there = Key(KIND, "there", "two")
    cache.observe(ONE, thing(1, ownerReferences=[owner]))
    cache.observe(there, thing(2, uid="u2"))
    cache.observe(Key(OTHER, "here", "one"), thing(3, uid="u3"))
    assert len(list(cache.list(KIND, None))) == 2
    assert len(list(cache.list(KIND, "here"))) == 1
    assert cache.keys(KIND) == {ONE, there}
    assert cache.keys(KIND, "there") == {there}
    assert [o["metadata"]["uid"] for o in cache.by_owner("boss", KIND)] == ["u1"]
    cache.observe(ONE, thing(4))
    assert cache.by_owner("boss", KIND) == []


def test_managed_fields_are_not_kept() -> None:
    cache = Cache()
    given = thing(1, managedFields=[{"manager": "x"}])
    cache.observe(ONE, given)
    held = cache.get(ONE)
    assert held
    assert "managedFields" not in held["metadata"]
    assert "managedFields" in given["metadata"]


def test_what_nobody_reads_of_a_kind_is_not_kept_and_all_else_is() -> None:
    cache = Cache({KIND: (("spec", "template"),)})
    given = thing(1) | {"spec": {"template": {"large": True}, "size": 1}}
    cache.observe(ONE, given)
    assert cache.get(ONE) == thing(1) | {"spec": {"size": 1}}
    assert given["spec"]["template"]
    other = Key(OTHER, "here", "one")
    cache.observe(other, given)
    assert cache.get(other) == given


def test_a_listener_that_fails_does_not_end_the_watch(caplog: pytest.LogCaptureFixture) -> None:
    cache, told = Cache(), []

    def fail(*_: object) -> None:
        raise KeyError("surprise")

    cache.on_change(fail)
    cache.on_change(lambda key, old, new: told.append((old is None, new is None)))
    cache.observe(ONE, thing(1))
    cache.forget_missing(ONE)
    assert told == [(True, False), (False, True)]
    assert "surprise" in caplog.text


@pytest.mark.parametrize("seed", range(200))
def test_news_in_any_order_ends_in_the_newest_truth(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - a test's seed
    version, truth, news = 0, None, []
    for life in range(rng.randint(1, 3)):
        for _ in range(rng.randint(1, 4)):
            version += 1
            truth = thing(version, uid=f"u{life}")
            news.append(("is", truth))
        if rng.random() < 0.7:
            version += 1
            news.append(("gone", thing(version, uid=f"u{life}")))
            truth = None
    rng.shuffle(news)
    cache = Cache()
    for what, obj in news + news:
        cache.observe(ONE, obj) if what == "is" else cache.forget_deleted(ONE, obj)
    assert cache.get(ONE) == truth


def test_an_object_that_can_be_read_no_longer_is_not_known_as_it_was() -> None:
    cache, told = Cache(), list[tuple[bool, bool]]()
    cache.on_change(lambda key, old, new: told.append((old is None, new is None)))
    cache.observe(ONE, thing(1))
    cache.observe(ONE, thing(2) | {UNREADABLE: "too deep"})
    assert cache.get(ONE) is None
    assert cache.known(KIND) == {ONE}
    assert not cache.observe(ONE, thing(1))
    assert cache.observe(ONE, thing(3))
    assert cache.unreadable.keys(KIND) == set()
    assert told == [(True, False), (False, True), (True, False)]


def test_an_unreadable_object_that_is_newer_than_a_list_is_not_gone() -> None:
    cache = Cache()
    cache.observe(ONE, thing(5) | {UNREADABLE: "too deep"})
    cache.forget_absent(ONE, as_of="4")
    assert cache.known(KIND) == {ONE}
    cache.forget_absent(ONE, as_of="6")
    assert cache.known(KIND) == set()


def test_what_is_null_is_absent() -> None:
    cache = Cache()
    nulls = dict.fromkeys(("labels", "annotations", "ownerReferences", "finalizers"))
    assert cache.observe(ONE, thing(1, **nulls) | {"spec": {"a": None}, "status": None})
    assert cache.get(ONE) == thing(1) | {"spec": {"a": None}}

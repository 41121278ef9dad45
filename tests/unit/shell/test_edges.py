"""Who looks again when something changes."""

from plumbline.api.objects import Key, Resource
from plumbline.api.resources import DATASET, DRIFT_MONITOR, TRAINING_RUN, TRAINING_TEMPLATE
from plumbline.engine.cache import Cache
from plumbline.shell.wakes import woken_by


def key(resource: Resource, name: str) -> Key:
    return Key(resource, "team", name)


def world(*keys: Key) -> Cache:
    cache = Cache()
    for each in keys:
        about = {"name": each.name, "namespace": each.namespace, "uid": each.name}
        cache.observe(each, {"metadata": {**about, "resourceVersion": "1"}})
    return cache


def test_whoever_waits_for_a_dataset_looks_again_when_it_comes() -> None:
    waiting = [key(TRAINING_TEMPLATE, "t"), key(TRAINING_RUN, "r"), key(DRIFT_MONITOR, "m")]
    data = {"metadata": {"name": "d", "namespace": "team"}}
    found = woken_by(key(DATASET, "d"), data, world(*waiting))
    assert {*waiting, key(DATASET, "d")} == set(found)


def test_a_template_looks_at_itself_when_it_changes() -> None:
    template = key(TRAINING_TEMPLATE, "t")
    about = {"metadata": {"name": "t", "namespace": "team"}}
    assert template in woken_by(template, about, world(template))

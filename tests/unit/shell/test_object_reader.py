"""Objects are parsed once for all who read them, and one that cannot be read hides no other."""

from plumbline.api.objects import Key
from plumbline.api.v1alpha1 import DriftMonitor
from plumbline.api.v1alpha1.drift_monitor import DRIFT_MONITOR
from plumbline.engine.cache import Cache
from plumbline.plan.registry import KINDS
from plumbline.shell.object_reader import ObjectReader


class Observed:
    """Monitors in a cache."""

    def __init__(self) -> None:
        self.cache, self.version = Cache(), 0
        self.objects = ObjectReader(self.cache, KINDS)

    def observe(self, name: str, namespace: str = "n", **spec: object) -> Key:
        self.version += 1
        key, version = Key(DRIFT_MONITOR, namespace, name), str(self.version)
        about = {"namespace": namespace, "name": name, "uid": str(key), "resourceVersion": version}
        spec = {"deploymentRef": {"name": "m"}, **spec}
        self.cache.observe(key, {"metadata": about, "spec": spec})
        return key

    @property
    def monitors(self) -> dict[Key, DriftMonitor]:
        return dict(self.objects.readable(DriftMonitor))


def test_an_object_that_a_newer_version_wrote_hides_no_other() -> None:
    observed = Observed()
    first = observed.observe("a")
    observed.observe("b", suspend={"until": "monday"})
    other = observed.observe("c", namespace="elsewhere")
    assert observed.monitors.keys() == {first, other}


def test_an_object_is_parsed_once_for_all_and_again_when_it_changes() -> None:
    observed = Observed()
    key = observed.observe("a")
    before = observed.monitors[key]
    assert observed.monitors[key] is before is observed.objects.at(key)
    observed.observe("a", suspend=True)
    assert observed.monitors[key].spec.suspend

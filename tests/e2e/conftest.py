"""Fixtures of the end-to-end tests: names that nobody else has, and one model for all to ask."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from obstore.store import S3Store

from tests.e2e import cluster, objects
from tests.e2e.cluster import Object, apply, get, is_ready, kubectl, until

Tell = Callable[[str], None]


@dataclass
class Names:
    """Unique names, and what was applied under them."""

    made: list[tuple[str, str]] = field(default_factory=list)

    def new(self, word: str) -> str:
        """Return a name that nobody else has."""
        return f"{word}-{secrets.token_hex(3)}"

    def apply(self, *manifests: Object) -> None:
        """Apply objects that go when the test has ended."""
        apply(*manifests)
        self.made += [(each["kind"], each["metadata"]["name"]) for each in manifests]

    def clear(self) -> None:
        """Delete what was applied, the newest first."""
        for kind, name in reversed(self.made):
            kubectl("delete", kind, name, "--ignore-not-found", "--wait=false")


@dataclass(frozen=True)
class Model:
    """A model that serves, and what it came from."""

    data: str
    run: str
    name: str

    @property
    def url(self) -> str:
        """Where to ask it."""
        return f"{cluster.address(self.name)}/v2/models/{self.name}/infer"

    def answers(self) -> bool:
        """Tell whether it answers a good request."""
        status, answer = cluster.call(self.url, objects.question())
        return status == 200 and answer["outputs"][0]["data"] == [True]


@pytest.fixture(scope="session", autouse=True)
def _installed() -> None:
    """The operator runs and the namespace has credentials."""
    assert get("secret", "plumbline-store"), f"{cluster.NAMESPACE} has no store credentials"
    until("deployment", "plumbline-operator", _has_pods, namespace=cluster.SYSTEM)


def _has_pods(deployment: Object) -> bool:
    return deployment["status"].get("readyReplicas", 0) >= 1


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    """Print a measurement, whatever pytest captures."""

    def _tell(text: str) -> None:
        with capsys.disabled():
            print(f"\n{text}")

    return _tell


@pytest.fixture
def names() -> Iterator[Names]:
    """Give names to a test and remove its objects."""
    given = Names()
    yield given
    given.clear()


@pytest.fixture(scope="session")
def shared() -> Iterator[Names]:
    """Give names that last for all tests."""
    given = Names()
    yield given
    given.clear()


@pytest.fixture(scope="session")
def data(shared: Names) -> str:
    """Return a Dataset that is ready."""
    name = shared.new("data")
    shared.apply(
        objects.config_map(name, objects.csv()),
        objects.dataset(name, objects.in_config_map(name)),
    )
    until("dataset", name, is_ready)
    return name


@pytest.fixture(scope="session")
def model(shared: Names, data: str) -> Model:
    """Return a model that serves."""
    found = serving(shared, data, shared.new("model"))
    assert found.answers()
    return found


def serving(names: Names, data: str, name: str) -> Model:
    """Train a model and have it served."""
    names.apply(
        objects.training(name, data, objects.LOGISTIC),
        objects.made("ModelDeployment", name, {"model": {"runRef": {"name": name}}}),
    )
    until("trainingrun", name, is_ready, seconds=150)
    until("modeldeployment", name, is_ready, seconds=90)
    return Model(data=data, run=name, name=name)


@pytest.fixture(scope="session")
def store_port() -> Iterator[int]:
    """Return a local port of the cluster's store."""
    with cluster.forwarded("plumbline-store", 7070, namespace=cluster.SYSTEM) as port:
        yield port


@pytest.fixture(scope="session")
def raw(store_port: int) -> S3Store:
    """Return the bucket that tests publish to."""
    return cluster.bucket(cluster.BUCKET, store_port)

"""Bytes come back as they were put, or not at all; on every kind of store."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from plumbline.store import (
    CredentialsRefused,
    Damaged,
    Missing,
    Store,
    StoreError,
    TooLarge,
    Unreachable,
)

from tests.unit.store import fake_s3, versitygw

Break = Callable[[str, bytes], None]
NOTHING = "sha256:" + "0" * 64


@pytest.fixture(params=["folder", "s3", pytest.param("versitygw", marks=pytest.mark.cluster)])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Store, Break]]:
    """Yield a store, and a way to overwrite a key behind its back."""
    if request.param == "folder":
        root = tmp_path / "store"
        yield Store.open(f"file://{root}"), lambda key, body: _write(root / key, body)
    elif request.param == "s3":
        with fake_s3.running() as world:
            store = Store.open("s3://plumbline-team/some/prefix", environment=world.environment())
            yield (
                store,
                lambda key, body: world.buckets["plumbline-team"].update(
                    {f"some/prefix/{key}": body}
                ),
            )
    else:
        with versitygw.running(tmp_path) as environment:
            store = Store.open("s3://plumbline-team/some/prefix", environment=environment)
            root = tmp_path / "buckets/plumbline-team/some/prefix"
            yield store, lambda key, body: _write(root / key, body)


def _write(path: Path, body: bytes) -> None:
    path.write_bytes(body)


@pytest.fixture
def store(opened: tuple[Store, Break]) -> Store:
    return opened[0]


def test_a_blob_comes_back_as_it_was_put(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(b"weights" * 1000)
    digest = store.put_blob(path)
    assert store.get_blob(digest, limit_bytes=10_000) == path.read_bytes()
    store.download_blob(digest, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == path.read_bytes()


def test_a_model_too_large_for_one_request_comes_back_as_it_was_put(
    store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "forest"
    with path.open("wb") as file:
        file.truncate(65 << 20)
        file.write(b"first tree")
    digest = store.put_blob(path)
    assert store.put_blob(path) == digest
    store.download_blob(digest, tmp_path / "copy")
    assert (tmp_path / "copy").stat().st_size == 65 << 20


def test_the_first_write_makes_the_bucket_and_the_same_bytes_twice_are_once(store: Store) -> None:
    assert store.put_blob(b"same") == store.put_blob(b"same")


def test_a_manifest_is_the_same_however_its_keys_are_ordered(store: Store) -> None:
    digest = store.put_manifest({"b": [1, 2.5, None], "a": {"x": "é"}})
    assert digest == store.put_manifest({"a": {"x": "é"}, "b": [1, 2.5, None]})
    assert store.get_manifest(digest) == {"a": {"x": "é"}, "b": [1, 2.5, None]}


def test_a_manifest_that_nobody_would_read_is_not_written(store: Store) -> None:
    with pytest.raises(TooLarge, match="fewer files"):
        store.put_manifest({"parts": "x" * (32 << 20)})


def test_a_result_is_said_once_and_a_second_word_is_not_heard(store: Store) -> None:
    first, second = store.put_blob(b"1"), store.put_blob(b"2")
    store.put_pointer("0e1f-uid", first)
    store.put_pointer("0e1f-uid", second)
    assert store.get_pointer("0e1f-uid") == first


def test_the_last_of_several_results_counts(store: Store) -> None:
    digests = [store.put_blob(str(number).encode()) for number in range(3)]
    assert store.last_pointer("0e1f-uid") is None
    for digest in digests:
        store.add_pointer("0e1f-uid", digest)
        assert store.last_pointer("0e1f-uid") == digest
    assert store.get_pointer("0e1f-uid") == digests[0]


def test_a_result_that_nobody_wrote_is_none_even_before_there_is_a_bucket(store: Store) -> None:
    assert store.get_pointer("nobody") is None


def test_a_damaged_blob_is_found_when_it_is_read(
    opened: tuple[Store, Break], tmp_path: Path
) -> None:
    store, overwrite = opened
    digest = store.put_blob(b"the model")
    name = digest.removeprefix("sha256:")
    overwrite(f"blobs/sha256/{name[:2]}/{name}", b"the modem")
    with pytest.raises(Damaged, match=f"blobs/sha256/.*{name[:12]} in .*Restore it"):
        store.get_blob(digest, limit_bytes=100)
    with pytest.raises(Damaged):
        store.download_blob(digest, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_blob_larger_than_the_reader_wants_is_not_read(store: Store, tmp_path: Path) -> None:
    digest = store.put_blob(b"x" * 1000)
    with pytest.raises(TooLarge, match="it has 1000 bytes; the limit is 999"):
        store.get_blob(digest, limit_bytes=999)
    with pytest.raises(TooLarge):
        store.download_blob(digest, tmp_path / "x", limit_bytes=999)


def test_a_missing_blob_is_said_to_be_missing(store: Store) -> None:
    store.put_blob(b"something else")
    assert not store.has_blob(NOTHING)
    with pytest.raises(Missing, match="0000"):
        store.get_blob(NOTHING, limit_bytes=10)


@pytest.mark.parametrize("name", ["../escape", "", ".hidden", "a/b", "é/.."])
def test_a_result_cannot_leave_its_folder(store: Store, name: str) -> None:
    with pytest.raises(ValueError, match="not a result's name"):
        store.get_pointer(name)


@pytest.mark.parametrize("digest", ["../../etc/passwd", "sha256:XYZ", "md5:" + "0" * 64])
def test_what_is_no_digest_never_becomes_a_path(store: Store, digest: str) -> None:
    with pytest.raises(ValueError, match="not a digest"):
        store.get_blob(digest, limit_bytes=10)


def test_wrong_credentials_are_said_without_showing_them() -> None:
    with fake_s3.running() as world:
        store = Store.open("s3://b", environment=world.environment(AWS_ACCESS_KEY_ID="mallory"))
        with pytest.raises(
            CredentialsRefused, match=r"s3://b at http.*Check the access key"
        ) as told:
            store.put_blob(b"x")
    assert "not-looked-at" not in str(told.value)
    assert "mallory" not in str(told.value)


def test_missing_credentials_are_said_before_anybody_is_asked() -> None:
    environment = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "half"}
    with pytest.raises(CredentialsRefused, match="AWS_SECRET_ACCESS_KEY"):
        Store.open("s3://b", environment=environment)


def test_a_store_that_does_not_answer_may_answer_later() -> None:
    environment = fake_s3.World(url="http://127.0.0.1:9").environment()
    with pytest.raises(Unreachable, match="cannot connect") as told:
        Store.open("s3://b", environment=environment).put_blob(b"x")
    assert told.value.retry


@pytest.mark.parametrize("url", ["", "ftp://x", "s3:///no-bucket"])
def test_what_is_no_store_is_refused(url: str) -> None:
    with pytest.raises(StoreError):
        Store.open(url, environment={"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"})


def test_of_many_writers_of_one_result_exactly_one_is_heard(store: Store) -> None:
    digests = [store.put_blob(str(number).encode()) for number in range(16)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda digest: store.put_pointer("race", digest), digests))
        heard = set(pool.map(lambda _: store.get_pointer("race"), digests))
    assert len(heard) == 1
    assert heard <= set(digests)

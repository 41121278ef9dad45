"""Jobs, serving pods and the operator find the store of a namespace at the same address."""

import pytest

from tests.unit.plan import builders


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("s3://plumbline-{namespace}", "s3://plumbline-team"),
        ("s3://one", "s3://one"),
        ("s3://one/{stage}/{namespace}{}", "s3://one/{stage}/team{}"),
    ],
)
def test_only_the_namespace_is_filled_into_the_url_of_a_store(url: str, found: str) -> None:
    assert builders.settings(store_url=url).store_url_of("team") == found

"""Engines for the tests of storage; each is opened once."""

import os
from collections.abc import Iterator

import pytest

from tests.contract.storage.stores import STORES, Store, why_missing


@pytest.fixture(scope="session", params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """One engine after the other."""
    reason = why_missing(request.param)
    if reason and not os.environ.get("REQUIRE_SERVICES"):
        pytest.skip(reason)
    made = STORES[request.param]()
    yield made
    made.close()

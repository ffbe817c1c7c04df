"""What the tests of the database share: each begins without models, and leaves none behind."""

from collections.abc import Iterator

import pytest

from openviper.db.registry import registry


@pytest.fixture(autouse=True)
def models_of_this_test() -> Iterator[None]:
    """Forget all models, those of other files too, and afterwards those that the test makes."""
    with registry.isolated():
        registry.clear()
        yield

"""New keys."""

import pytest

from openviper.conf import generate_secret_key
from openviper.conf.defaults import Settings
from openviper.conf.deployment import find_deployment_problems


def test_new_key_is_good_enough_for_production() -> None:
    """A key is long, different every time, and passes the rules for production."""
    key = generate_secret_key()
    assert len(key) >= 64
    assert key != generate_secret_key()
    ids = {problem.id for problem in find_deployment_problems(Settings(SECRET_KEY=key).as_dict(mask_sensitive=False))}
    assert ids.isdisjoint({"settings.E102", "settings.E103", "settings.E104"})


def test_length_is_in_bytes() -> None:
    """The length says how much randomness there is; none is refused."""
    assert len(generate_secret_key(3)) == 4
    with pytest.raises(ValueError, match="at least 1"):
        generate_secret_key(0)

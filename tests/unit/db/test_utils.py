"""The gate from a name to SQL text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.db.utils import validate_identifier


@pytest.mark.parametrize("name", ["a", "_", "blog_post", "Post2", "__x9"])
def test_name_passes_unchanged(name: str) -> None:
    """Letters, digits and underscores pass."""
    assert validate_identifier(name) == name


@pytest.mark.parametrize("name", ["", "2x", "a b", 'a"b', "a;b", "a-b", "naïve", "a\n", "a.b", None, 5])
def test_other_names_are_refused(name: str) -> None:
    """Anything else is a ValueError that says what the name is for and shows it."""
    with pytest.raises(ValueError, match="table name") as caught:
        validate_identifier(name, "table name")
    assert repr(name) in str(caught.value)


@given(st.text())
def test_nothing_passes_that_sql_could_read_otherwise(name: str) -> None:
    """Whatever passes is one word of ASCII."""
    try:
        assert re.fullmatch(r"(?a:[^\W\d]\w*)", validate_identifier(name))
    except ValueError:
        assert not re.fullmatch(r"(?a:[^\W\d]\w*)", name)

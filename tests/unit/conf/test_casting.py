"""From the text of a variable to a value."""

import json
from datetime import timedelta
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.conf.casting import cast


class Colour(StrEnum):
    RED = "#f00"


class Size(Enum):
    SMALL = 1


@pytest.mark.parametrize(
    ("text", "annotation", "value"),
    [
        ("1", bool, True),
        ("Yes", bool, True),
        (" on ", bool, True),
        ("TRUE", bool, True),
        ("0", bool, False),
        ("off", bool, False),
        ("no", bool, False),
        ("False", bool, False),
        (" 10 ", int, 10),
        ("10_000", int, 10_000),
        ("2.5", float, 2.5),
        (" as it is ", str, " as it is "),
        ("a, b,,c ", tuple[str, ...], ("a", "b", "c")),
        ("[::1],a", tuple[str, ...], ("[::1]", "a")),
        (" [2001:db8::1] ", tuple[str, ...], ("[2001:db8::1]",)),
        ('["a.org", "b,c"]', tuple[str, ...], ("a.org", "b,c")),
        (' [ "a" ] ', tuple, ("a",)),
        ("[]", tuple[str, ...], ()),
        ("[1, 2]", tuple[int, ...], (1, 2)),
        ('[1, "a"]', tuple[int, str], (1, "a")),
        ("[1, 2, 1]", set[int], {1, 2}),
        ('["a"]', frozenset[str], frozenset({"a"})),
        ("", tuple[str, ...], ()),
        ("a,b", tuple, ("a", "b")),
        ("1,2", tuple[int, ...], (1, 2)),
        ("1,a", tuple[int, str], (1, "a")),
        ("1,2,1", set[int], {1, 2}),
        ("a", frozenset, frozenset({"a"})),
        ("90", timedelta, timedelta(seconds=90)),
        ("0.5", timedelta, timedelta(milliseconds=500)),
        ('{"a": [1]}', dict[str, Any], {"a": [1]}),
        ("{}", dict, {}),
        ('["a"]', list[str], ["a"]),
        ("none", int | None, None),
        ("", str | None, None),
        ("NULL", float | None, None),
        ("5", int | None, 5),
        ("x", str | dict[str, Any] | None, "x"),
        ('{"a": 1}', str | dict[str, Any] | None, {"a": 1}),
        ("a,b", tuple[str, ...] | str | None, ("a", "b")),
        ("strict", Literal["Lax", "Strict", "None"], "Strict"),
        ("none", Literal["Lax", "Strict", "None"], "None"),
        ("2", Literal[1, 2], 2),
        ("#F00", Colour, Colour.RED),
        ("red", Colour, Colour.RED),
        ("1", Size, Size.SMALL),
        ("a/b", Path, Path("a/b")),
        ("x", Any, "x"),
        ("x", object, "x"),
    ],
)
def test_text_of_the_type(text: str, annotation: object, value: object) -> None:
    """Text is read as the annotation says."""
    assert cast(text, annotation) == value
    assert type(cast(text, annotation)) is type(value)


@pytest.mark.parametrize(
    ("text", "annotation", "expected"),
    [
        ("maybe", bool, "bool"),
        ("", bool, "bool"),
        ("2", bool, "bool"),
        ("ten", int, "int"),
        ("2.5", int, "int"),
        ("", int, "int"),
        ("fast", float, "float"),
        ("nan", float, "float"),
        ("inf", float, "float"),
        ("1h", timedelta, "timedelta"),
        ("1e300", timedelta, "timedelta"),
        ("a,b", tuple[int, ...], "int"),
        ("1", tuple[int, str], "2 items"),
        ('["a.org", b.org]', tuple[str, ...], r"tuple\[str, ...\] as JSON; Expecting value"),
        ("['a.org']", tuple[str, ...], r"tuple\[str, ...\] as JSON; Expecting value"),
        ("[1]", tuple[str, ...], r"tuple\[str, ...\] as JSON"),
        ("[[1]]", frozenset[int], r"frozenset\[int\] as JSON"),
        ("{", dict[str, Any], r"dict\[str, Any\] as JSON"),
        ("[1]", dict[str, Any], r"dict\[str, Any\] as JSON"),
        ('{"a": "b"}', dict[str, int], r"dict\[str, int\] as JSON"),
        ("{}", list[str], r"list\[str\] as JSON"),
        ("x", int | None, r"int \| None"),
        ("loose", Literal["Lax", "Strict"], "Lax, Strict"),
        ("blue", Colour, "RED, #f00"),
        ("x", bytes, "cannot be given as a variable"),
    ],
)
def test_text_of_another_type(text: str, annotation: object, expected: str) -> None:
    """The error names the type that was expected, and never the text, which may be a secret (W-23)."""
    with pytest.raises(ValueError, match=expected) as caught:
        cast(text, annotation)
    assert not text or len(text) < 3 or text not in str(caught.value)


@given(st.integers())
def test_every_integer_is_read_back(number: int) -> None:
    """An int written as text is the same int."""
    assert cast(str(number), int) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_float_is_read_back(number: float) -> None:
    """A float written as text is the same float."""
    assert cast(repr(number), float) == number


@given(
    st.lists(st.text(st.characters(exclude_characters=",[", exclude_categories=["Cs"])).filter(lambda it: it.strip()))
)
def test_every_list_of_words_is_read_back(words: list[str]) -> None:
    """Words joined by commas come back without the white space around them."""
    assert cast(",".join(words), tuple[str, ...]) == tuple(word.strip() for word in words)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5)


@given(st.dictionaries(st.text(), JSON))
def test_every_table_is_read_back(table: dict[str, object]) -> None:
    """A dict written as JSON is the same dict."""
    assert cast(json.dumps(table), dict[str, Any]) == table


@given(st.text())
def test_any_text_is_a_switch_or_an_error(text: str) -> None:
    """A switch is never guessed: a text is one of eight words, or refused."""
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    word = text.strip().lower()
    if word in known:
        assert cast(text, bool) is known[word]
    else:
        with pytest.raises(ValueError, match="expected bool"):
            cast(text, bool)

"""Texts, slugs and UUIDs: what passes, what is refused, and that nothing is changed on the way."""

import uuid
from enum import Enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.db.exceptions import FieldValueError, ModelDefinitionError
from openviper.db.fields import CharField, SlugField, TextField, UUIDField

CANONICAL = "6f1c0d5e-8a2b-4c3d-9e4f-5a6b7c8d9e0f"


@pytest.mark.parametrize("text", ["Dune", "Žižek", "日本", "👩‍🚀", " padded ", "tab\tand\nline"])
def test_text_passes_unchanged(text: str) -> None:
    """Texts of every script pass, white space included."""
    assert CharField(max_length=20).clean(text) == text
    assert TextField().clean(text) == text


@pytest.mark.parametrize("value", [5, 5.0, True, b"bytes", ["a"], {}, object()])
def test_other_types_are_no_texts(value: object) -> None:
    """Nothing is turned into a text that is none; the message names the type."""
    with pytest.raises(FieldValueError, match=type(value).__name__):
        CharField().clean(value)


def test_longest_text_passes() -> None:
    """Characters are counted, whatever their bytes; one more than max_length is refused."""
    assert CharField(max_length=3).clean("日本語") == "日本語"
    with pytest.raises(FieldValueError, match="has 4 characters, at most 3"):
        CharField(max_length=3).clean("日本語だ")


@pytest.mark.parametrize(("text", "reason"), [("a\0b", "Null characters"), ("a\ud800b", "half of a pair")])
def test_text_that_no_engine_takes(text: str, reason: str) -> None:
    """A NUL and half of a surrogate pair are refused before a driver sees them."""
    for field in (CharField(), TextField(), SlugField()):
        with pytest.raises(FieldValueError, match=reason):
            field.clean(text)


def test_blank_text() -> None:
    """An empty text passes only with blank=True."""
    assert CharField(blank=True).clean("") == ""
    with pytest.raises(FieldValueError, match="cannot be blank"):
        CharField().clean("")


def test_subclass_becomes_a_plain_text() -> None:
    """A text of a subclass loses it, so that drivers and encoders meet texts only."""

    class Marked(str):
        __slots__ = ()

    class Color(str, Enum):  # noqa: UP042 - str() of a member of this kind is not its value
        RED = "red"

    assert type(CharField().clean(Marked("x"))) is str
    assert (CharField().clean(Color.RED), type(CharField().clean(Color.RED))) == ("red", str)


@pytest.mark.parametrize("length", [0, -1, True, 10_485_761, "20"])
def test_length_that_no_column_has(length: int) -> None:
    """max_length is a whole number that every engine has a column for."""
    with pytest.raises(ModelDefinitionError, match="max_length"):
        CharField(max_length=length)


def test_text_of_any_length() -> None:
    """A TextField has no limit unless it states one."""
    assert TextField().clean("x" * 300_000) == "x" * 300_000
    with pytest.raises(FieldValueError, match="at most 5"):
        TextField(max_length=5).clean("x" * 6)


@given(st.text())
def test_slug_is_ascii(text: str) -> None:
    """A slug passes if it is of ASCII letters, digits, '-' and '_', and only then."""
    allowed = bool(text) and all(
        character.isascii() and (character.isalnum() or character in "-_") for character in text
    )
    try:
        assert SlugField().clean(text) == text
    except FieldValueError:
        assert not allowed
    else:
        assert allowed


@pytest.mark.parametrize("text", ["a b", "a/b", "ä", "a\n", ""])
def test_text_that_is_no_slug(text: str) -> None:
    """A line end after a slug is refused as well."""
    with pytest.raises(FieldValueError):
        SlugField().clean(text)


@pytest.mark.parametrize("written", [CANONICAL, CANONICAL.upper(), CANONICAL.replace("-", "")])
def test_uuid_is_read_from_text(written: str) -> None:
    """A UUID may be written with or without hyphens, in either case."""
    assert UUIDField().clean(written) == uuid.UUID(CANONICAL)
    assert UUIDField().clean(uuid.UUID(CANONICAL)) == uuid.UUID(CANONICAL)


@pytest.mark.parametrize(
    "value",
    [f"{{{CANONICAL}}}", f"urn:uuid:{CANONICAL}", CANONICAL[:-1], "6f1c0d5e8a2b-4c3d-9e4f-5a6b7c8d9e0f", 1, b"x" * 16],
)
def test_value_that_is_no_uuid(value: object) -> None:
    """Braces, prefixes and numbers are no UUID, though Python would read some of them."""
    with pytest.raises(FieldValueError, match="no UUID"):
        UUIDField().clean(value)


def test_automatic_uuid() -> None:
    """With auto=True each instance gets a random one."""
    field = UUIDField(auto=True)

    first, second = field.make_default(), field.make_default()

    assert isinstance(first, uuid.UUID)
    assert first != second

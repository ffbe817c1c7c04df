"""Choices: enums, pairs, values; and what an instance holds of them."""

import enum

import pytest

from openviper.db.exceptions import FieldValueError, ModelDefinitionError
from openviper.db.fields import CharField, IntegerField, TextChoice


class Status(TextChoice):
    DRAFT = "draft"
    IN_REVIEW = "review"
    LIVE = "live", "Published"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


def test_labels_of_a_text_choice() -> None:
    """A label is made of the name unless it is stated; a member is its text."""
    assert Status.pairs() == [("draft", "Draft"), ("review", "In review"), ("live", "Published")]
    assert (str(Status.LIVE), Status.LIVE.upper()) == ("live", "LIVE")
    assert Status("live") is Status.LIVE


def test_field_with_an_enum_holds_members() -> None:
    """A value or a member becomes the member; numbers are read from their digits first."""
    field = CharField(choices=Status)
    assert field.clean("live") is Status.LIVE
    assert field.clean(Status.DRAFT) is Status.DRAFT
    assert IntegerField(choices=Size).clean("2") is Size.LARGE


@pytest.mark.parametrize("value", ["LIVE", "Published", "", "x", 3])
def test_other_values_are_refused(value: object) -> None:
    """Names and labels are no values; the message lists those that are."""
    with pytest.raises(FieldValueError):
        CharField(choices=Status, blank=True).clean(value)
    with pytest.raises(FieldValueError, match="'x' is none of the choices: 'draft', 'review', 'live'"):
        CharField(choices=Status).clean("x")


def test_pairs_and_plain_values() -> None:
    """Without an enum an instance holds the value itself."""
    assert CharField(choices=[("a", "First"), ("b", "Second")]).clean("b") == "b"
    assert IntegerField(choices=(1, 2)).clean("2") == 2
    with pytest.raises(FieldValueError, match="none of the choices"):
        CharField(choices=["a"]).clean("b")


def test_long_lists_are_named_in_part() -> None:
    """A list of countries is not told in full."""
    field = IntegerField(choices=range(200))
    with pytest.raises(FieldValueError, match="and 188 more"):
        field.clean(500)


def test_choices_that_no_field_can_have() -> None:
    """An enum of another type, an empty list, a text and what is too long for the column are refused."""

    class Plain(enum.Enum):
        A = "a"

    with pytest.raises(ModelDefinitionError, match="write class Plain"):
        CharField(choices=Plain)
    with pytest.raises(ModelDefinitionError, match="no int"):
        IntegerField(choices=Status)
    with pytest.raises(ModelDefinitionError, match="empty"):
        CharField(choices=[])
    with pytest.raises(ModelDefinitionError, match="no enum and no list"):
        CharField(choices="ab")
    with pytest.raises(ModelDefinitionError, match="longer than max_length=3"):
        CharField(choices=Status, max_length=3)

"""Texts of instances: what was not read is named, and breaks neither logs nor messages of other errors."""

import logging

import pytest

from openviper.db import AbstractModel, Model, fields


class Named(AbstractModel):
    """Has a text that needs a field."""

    name = fields.CharField(max_length=20)

    def __str__(self) -> str:
        """Give the name."""
        return self.name


class Marked:
    """No model, and yet the text of one."""

    def __repr__(self) -> str:
        return f"<<{self.title}>>"  # type: ignore[attr-defined]  # of the model that extends it


class Painter(Named):
    """Inherits its text."""


class Picture(Marked, Model):
    """Has one text of another class, and one of its own that leads to another row."""

    title = fields.CharField(max_length=20)
    painter = fields.ForeignKey(Painter)

    def __str__(self) -> str:
        return f"{self.title} by {self.painter.name}"


class Sold(Picture):
    """Goes on with the text of a model."""

    class Meta:
        """No table of its own."""

        proxy = True

    def __str__(self) -> str:
        return f"sold: {super().__str__()}"


def test_texts_of_authors_are_as_written() -> None:
    """Nothing is caught where everything is there."""
    picture = Picture(id=7, title="Blue", painter=Painter(id=3, name="Ann"))

    assert str(picture.painter) == "Ann"
    assert repr(picture.painter) == "<Painter 3>"
    assert (str(picture), repr(picture)) == ("Blue by Ann", "<<Blue>>")
    assert Named.__str__.__doc__ == "Give the name."


def test_instance_that_knows_its_key_only_is_written() -> None:
    """In place of its text stands the key, and what the text would have needed."""
    picture = Picture(id=7, title="Blue", painter_id=3)
    label = Painter._meta.label

    assert f"{picture.painter}" == "<Painter 3 (name is not loaded)>"
    assert str(picture) == f"<Picture 7 ({label}.name is not loaded)>"
    assert repr([Picture(id=1, title="Red").painter, picture]) == "[None, <<Blue>>]"
    assert str(Sold(id=7, title="Blue", painter_id=3)) == f"sold: <Sold 7 ({label}.name is not loaded)>"
    assert repr(object.__new__(Picture)) == "<Picture (not saved) (title is not loaded)>"


def test_log_gets_its_record(caplog: pytest.LogCaptureFixture) -> None:
    """A message with such an instance is written, and so is the error that it is about."""
    picture = Picture(id=7, title="Blue", painter_id=3)
    logging.getLogger("gallery").error("no money for %s, %r", picture.painter, picture.painter)

    assert caplog.messages == ["no money for <Painter 3 (name is not loaded)>, <Painter 3>"]


def test_other_errors_are_those_of_the_author() -> None:
    """Only a field that was not read is forgiven."""
    with pytest.raises(AttributeError, match="'NoneType' object has no attribute 'name'"):
        str(Picture(id=7, title="Blue"))

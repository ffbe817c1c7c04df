"""Instances: made of keywords, plain to read, compared by their key, validated all at once."""

import copy
import pickle
import sys
from functools import cached_property
from types import ModuleType

import pytest

from openviper.db.exceptions import DoesNotExist, ModelValidationError, MultipleObjectsReturned, NotLoadedError
from openviper.db.fields import CharField, DateTimeField, ForeignKey, IntegerField, JSONField, TextField, UUIDField
from openviper.db.models import AbstractModel, Model, TextChoice
from openviper.exceptions import ValidationError
from openviper.primitives.json import encode


class Status(TextChoice):
    DRAFT = "draft"
    LIVE = "live"


class Writer(Model):
    name = CharField(max_length=20)
    age = IntegerField(null=True)


class Essay(Model):
    title = CharField(max_length=10)
    status = CharField(max_length=10, choices=Status, default=Status.DRAFT)
    views = IntegerField(default=0)
    extra = JSONField(default=dict)
    author = ForeignKey(Writer)
    author_id: int
    editor = ForeignKey(Writer, null=True, related_name="edited")

    def clean(self) -> None:
        if self.title == self.status:
            raise ModelValidationError({"title": ["A title is no status."]})
        if self.title == "whole":
            raise ModelValidationError("Something is odd about this post.")


def make(model: type[Model], **values: object) -> object:
    return model(**values)


class FakeOrigin:
    """Stands for the plan of a query: it knows how the values of a row compare to those of an instance."""

    alias = "default"
    mode = None
    refs = None

    def alone(self) -> "FakeOrigin":
        return self

    def changed_fields(self, record: Model, row: tuple[object, ...]) -> tuple[str, ...]:
        names = [field.name for field in record._meta.fields]
        return tuple(name for name, value in zip(names, row, strict=True) if getattr(record, name) != value)


def test_instance_is_made_of_keywords() -> None:
    """What is left out has its default, or None; defaults that are called are made for each instance."""
    first, second = Essay(title="a"), Essay(title="b", views=3, pk=7)

    assert (first.title, first.views, first.status, first.extra, first.pk) == ("a", 0, Status.DRAFT, {}, None)
    assert (second.pk, second.views) == (7, 3)
    assert first.extra is not second.extra


def test_attributes_are_plain() -> None:
    """An instance holds its values itself, and its class holds none."""
    post = Essay(title="a")

    assert vars(post)["title"] == "a"
    assert "title" not in vars(Essay)
    assert Essay.title is Essay._meta.by_name["title"]
    assert Essay.author is Essay._meta.by_name["author"]
    assert hasattr(Essay, "title")
    assert not hasattr(Essay, "titel")


def test_unknown_keyword() -> None:
    """A keyword that is no field is refused, with the fields that there are."""
    with pytest.raises(TypeError, match=r"has no field 'titel'; there are id, title, status") as caught:
        make(Essay, titel="a")
    assert "author, author_id" in str(caught.value)


def test_reference_in_the_constructor() -> None:
    """A reference is given as an instance or as a key, never both."""
    author = Writer(id=3)

    assert Essay(author=author).author_id == 3
    assert Essay(author_id=3).author == author
    assert Essay(author=None).author_id is None
    with pytest.raises(TypeError, match="author and author_id are one field"):
        make(Essay, author=author, author_id=3)
    with pytest.raises(TypeError, match="takes an instance of Writer, not int"):
        make(Essay, author=3)


def test_constructor_of_an_author() -> None:
    """A model may have a constructor of its own, which calls that of Model."""

    class Note(Model):
        text = TextField()
        loud = CharField(default="")

        def __init__(self, text: str = "", **values: object) -> None:
            super().__init__(text=text, loud=text.upper(), **values)

    note = Note("hello", id=1)

    assert (note.text, note.loud, note.id) == ("hello", "HELLO", 1)


def test_abstract_model_has_no_instances() -> None:
    """Neither Model nor an abstract model can be made, and the message says what to do."""

    class Stamped(AbstractModel):
        created = DateTimeField(auto_now_add=True)

    for kind in (Stamped, AbstractModel, Model):
        with pytest.raises(TypeError, match="is abstract"):
            make(kind)


def test_key_under_its_alias() -> None:
    """``pk`` reads and writes the key, whatever its name."""

    class Token(Model):
        value = CharField(primary_key=True)

    token = Token(pk="a")
    assert (token.value, token.pk) == ("a", "a")
    token.pk = "b"
    assert token.value == "b"


def test_equality_is_that_of_the_key() -> None:
    """Two instances with one key are one row; without a key an instance equals itself only."""
    assert Writer(id=1) == Writer(id=1)
    assert Writer(id=1) != Writer(id=2)
    assert Writer(id=1) != Essay(id=1)
    assert Writer(id=1) != 1
    assert Writer() != Writer()
    assert len({Writer(id=1), Writer(id=1), Writer(id=2)}) == 2
    with pytest.raises(TypeError, match="save it first"):
        hash(Writer())


def test_instance_is_shown_with_its_key() -> None:
    """No other value appears, so that none can leak into a log."""
    assert repr(Writer(id=3, name="secret")) == "<Writer 3>"
    assert repr(Writer(name="secret")) == "<Writer (not saved)>"


def test_reference_and_key_agree() -> None:
    """Assigning one changes the other; what a changed key refers to is no longer the old instance."""
    ann, post = Writer(id=1, name="Ann"), Essay()

    post.author = ann
    assert (post.author_id, post.author) == (1, ann)
    assert post.author is ann
    post.author_id = 2
    assert post.author is not ann
    assert (post.author.pk, post.author is post.author) == (2, True)
    post.editor = ann
    post.editor = None
    assert post.to_dict()["editor_id"] is None


def test_reference_that_was_not_read() -> None:
    """It knows its key, is true, and says of every other field how to get it."""
    author = Essay(author_id=2).author

    assert isinstance(author, Writer)
    assert (author.pk, bool(author), author == Writer(id=2)) == (2, True, True)
    assert author.has_changed is False
    with pytest.raises(NotLoadedError, match=r"name of this .*Writer is not loaded; await") as caught:
        _ = author.name
    assert caught.value.field == "name"
    assert not hasattr(author, "nonsense")


def test_property_tells_what_was_not_read() -> None:
    """A property that needs a field which is not there is not itself taken for missing."""

    class Letter(Model):
        writer = ForeignKey(Writer, related_name="+")
        writer_id: int

        @property
        def greeting(self) -> str:
            return f"Dear {self.writer.name}"

        @cached_property
        def length(self) -> int:
            return len(self.greeting)

    letter = Letter(writer_id=2)
    for name in ("greeting", "length"):
        with pytest.raises(NotLoadedError, match=r"name of this .*Writer is not loaded"):
            getattr(letter, name)
    letter.writer = Writer(id=2, name="Ann")
    assert (letter.greeting, letter.length) == ("Dear Ann", 8)


async def test_loaded_instance_gives_itself() -> None:
    """Awaiting a reference gives the instance, at once if it is loaded."""
    ann = Writer(id=1, name="Ann")
    post = Essay(author=ann)

    assert await post.author is ann


def test_reference_that_is_saved_later() -> None:
    """An instance that gets its key after it was assigned gives it then; one without a key is refused."""
    ann = Writer(name="Ann")
    post = Essay(title="a", author=ann)
    with pytest.raises(ModelValidationError) as caught:
        post.full_clean()
    assert caught.value.errors == {"author": ["This Writer is not saved yet, so it has no key to refer to."]}

    ann.id = 5

    post.full_clean()
    assert post.author_id == 5
    assert post.author is ann


def test_all_faults_at_once() -> None:
    """One error names every field that was refused; it is a 422 with an entry for each message."""
    post = Essay(title="x" * 11, status="gone", views="many", author_id=None)
    with pytest.raises(ModelValidationError) as caught:
        post.full_clean()

    error = caught.value
    assert list(error.errors) == ["title", "status", "views", "author"]
    assert isinstance(error, ValidationError)
    assert error.status_code == 422
    assert error.validation_errors[0] == {
        "field": "title",
        "in": "model",
        "type": "invalid",
        "message": "This text has 11 characters, at most 10 are allowed.",
        "path": ["title"],
    }
    assert encode(error.detail)


def test_clean_values_take_their_places() -> None:
    """What validation makes of a value is what the instance then holds."""
    post = Essay(title="a", status="live", views="7", author_id="3")
    post.full_clean()
    assert (post.status, post.views, post.author_id) == (Status.LIVE, 7, 3)


def test_refused_instance_keeps_its_values() -> None:
    """A value that is refused stays, so that a form can show it."""
    post = Essay(title="a", views="many", author_id=1)
    with pytest.raises(ModelValidationError):
        post.clean_fields()
    assert vars(post)["views"] == "many"


def test_fields_may_be_left_out() -> None:
    """An excluded field is not looked at."""
    Essay(title="a", views="many").full_clean(exclude=["views", "author"])


def test_own_checks() -> None:
    """``clean()`` sees clean fields, and names a field or the whole."""
    with pytest.raises(ModelValidationError) as caught:
        Essay(title="draft", author_id=1).full_clean()
    assert caught.value.errors == {"title": ["A title is no status."]}
    with pytest.raises(ModelValidationError) as caught:
        Essay(title="whole", author_id=1).full_clean()
    assert caught.value.errors == {"__all__": ["Something is odd about this post."]}
    with pytest.raises(ModelValidationError) as caught:
        Essay(title="draft", author_id=1, views=None).full_clean()
    assert list(caught.value.errors) == ["views"]


def test_values_as_a_dict() -> None:
    """All loaded values, by attribute, in the order of the fields."""
    post = Essay(title="a", author_id=3, id=1)
    assert list(post.to_dict()) == ["id", "title", "status", "views", "extra", "author_id", "editor_id"]
    assert post.to_dict()["author_id"] == 3
    assert Essay(author_id=2).author.to_dict() == {"id": 2}


def test_changes_of_a_new_instance() -> None:
    """Everything has changed in what was never stored."""
    assert Writer(name="Ann").changed_fields() == ("id", "name", "age")
    assert Writer().has_changed


def test_changes_of_a_loaded_instance() -> None:
    """What made the instance compares its row with what it holds now."""
    ann = Writer(id=1, name="Ann")
    ann._row, ann._origin = (1, "Ann", None), FakeOrigin()

    assert not ann.has_changed
    ann.name = "Anne"
    assert ann.changed_fields() == ("name",)


def test_pickled_instance() -> None:
    """An instance travels with its values; that it was stored is known, and where, its row is not."""
    module = ModuleType("db_pickles")
    sys.modules["db_pickles"] = module
    try:
        kind = type.__call__(type(Model), "Book", (Model,), {"__module__": "db_pickles", "title": CharField()})
        module.Book = kind  # type: ignore[attr-defined]  # so that pickle finds it
        book = kind(id=1, title="Dune")
        book._row, book._origin = (1, "Dune"), FakeOrigin()
        twin = pickle.loads(pickle.dumps(book))
        fresh = pickle.loads(pickle.dumps(kind(title="New")))
    finally:
        del sys.modules["db_pickles"]

    assert twin == book
    assert twin.to_dict() == book.to_dict()
    assert (twin._row, twin._origin.alias, twin.changed_fields()) == ((), FakeOrigin.alias, ("title",))
    assert fresh._row is None


def test_copies() -> None:
    """A copy shares its values, a deep copy does not; both know the row."""
    post = Essay(id=1, extra={"a": [1]}, author=Writer(id=2))
    post._row, post._origin = (), None

    flat, deep = copy.copy(post), copy.deepcopy(post)

    assert flat == deep == post
    assert flat.extra is post.extra
    assert (deep.extra, deep.extra is post.extra) == ({"a": [1]}, False)
    assert (flat._row, deep._row) == ((), ())
    assert deep.author == post.author
    flat.title = "other"
    assert vars(post)["title"] is None


def test_errors_of_a_model() -> None:
    """Each model has its own classes of the two errors, found where they say they are."""
    assert issubclass(Writer.DoesNotExist, DoesNotExist)
    assert issubclass(Writer.MultipleObjectsReturned, MultipleObjectsReturned)
    assert Writer.DoesNotExist is not Essay.DoesNotExist
    assert Writer.DoesNotExist.__qualname__ == "Writer.DoesNotExist"
    assert Writer.DoesNotExist.__module__ == __name__


def test_default_that_is_a_function_of_the_key() -> None:
    """A key with a default is there before the row is."""

    class Ticket(Model):
        id = UUIDField(primary_key=True, auto=True)

    assert Ticket() != Ticket()
    assert Ticket().id is not None

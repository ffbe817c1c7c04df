"""References: their column, their key, and what may be assigned."""

import pytest

from openviper.db.exceptions import FieldValueError, ModelDefinitionError, ModelReferenceError
from openviper.db.fields import CharField, FieldKind, ForeignKey, OneToOneField, UUIDField
from openviper.db.models import AbstractModel, Model


def test_column_holds_the_key() -> None:
    """Name, attribute and column differ, and the storage is that of the target's key."""

    class Country(Model):
        code = CharField(max_length=2, primary_key=True)

    class City(Model):
        country = ForeignKey(Country)

    field = City._meta.by_name["country"]
    assert (field.name, field.attname, field.column) == ("country", "country_id", "country_id")
    assert (field.kind, field.max_length, field.db_index, field.unique) == (FieldKind.CHAR, 2, True, False)
    assert field.related is not None
    assert field.related.model is Country


def test_key_of_a_key() -> None:
    """A reference to a model whose key is a reference has the storage of the last one."""

    class User(Model):
        id = UUIDField(primary_key=True, auto=True)

    class Profile(Model):
        user = OneToOneField(User, primary_key=True)

    class Badge(Model):
        profile = ForeignKey(Profile)

    assert Badge._meta.by_name["profile"].kind is FieldKind.UUID
    assert Profile._meta.by_name["user"].unique
    user = User()
    assert Profile(user=user).pk == user.id


def test_keys_that_lead_round() -> None:
    """A key that refers to itself has no type, which is said when it is asked for."""

    class Loop(Model):
        loop: ForeignKey["Loop"] = ForeignKey("self", primary_key=True)

    with pytest.raises(ModelDefinitionError, match="leads back to itself"):
        _ = Loop._meta.pk.kind


def test_key_is_cleaned_as_its_target_does() -> None:
    """Text becomes a key, an instance gives its key, and what is none is refused."""

    class Author(Model):
        pass

    class Post(Model):
        author = ForeignKey(Author)
        editor = ForeignKey(Author, null=True, related_name="edited")

    field = Post._meta.by_name["author"]
    assert field.clean("7") == 7
    assert field.clean(Author(id=7)) == 7
    assert Post._meta.by_name["editor"].clean(None) is None
    for value in ("x", 1.5, Post(id=1), None):
        with pytest.raises(FieldValueError):
            field.clean(value)
    with pytest.raises(FieldValueError, match="not saved yet"):
        field.clean(Author())


def test_target_that_does_not_exist() -> None:
    """It is missed when it is needed, with who refers to it and what there is."""

    class Post(Model):
        author: ForeignKey[Model] = ForeignKey("Autor")

    with pytest.raises(
        ModelReferenceError, match=r"fields.Post.author refers to 'Autor': .* models that exist: fields.Post"
    ):
        _ = Post._meta.by_name["author"].kind


@pytest.mark.parametrize("to", [5, "", "a b", "blog.", None])
def test_target_that_is_no_name(to: str) -> None:
    """What is neither a class nor a name is refused at once."""
    with pytest.raises(ModelDefinitionError, match="refers to"):

        class Post(Model):
            author: ForeignKey[Model] = ForeignKey(to)


def test_class_without_rows() -> None:
    """A class that is no model, or an abstract one, is refused at once."""

    class Base(AbstractModel):
        pass

    for kind in (int, Model):
        with pytest.raises(ModelDefinitionError, match=f"leads to {kind.__name__}, which is no model"):
            ForeignKey(kind)
    with pytest.raises(ModelDefinitionError, match="leads to Base, which is abstract"):
        OneToOneField(Base)


def test_reference_takes_no_choices() -> None:
    """The choices of a reference are the rows of its target."""
    with pytest.raises(ModelDefinitionError, match="takes no choices"):
        ForeignKey("self", choices=[1])  # type: ignore[call-overload]  # what is refused


def test_reference_without_a_model() -> None:
    """A field that stands alone leads nowhere, and says so."""
    with pytest.raises(ModelDefinitionError, match="belongs to no model"):
        _ = ForeignKey[Model]("self").kind

"""What is written for each model: constructors, keys, references."""

import inspect
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.db.constructor import ReferenceAttribute, make_constructor, make_key, store_of
from openviper.db.exceptions import NotLoadedError
from openviper.db.fields import AutoField, CharField, IntegerField
from openviper.db.fields.base import AnyField


def attach(**fields: AnyField) -> list[AnyField]:
    for name, field in fields.items():
        field.attach(name, owner="blog.Post")
    return list(fields.values())


def test_constructor_names_its_fields() -> None:
    """The signature shows the fields, so that tools can; none is positional."""
    fields = attach(id=AutoField(), title=CharField(default="x"))
    construct = make_constructor("blog.Post", fields)

    parameters = inspect.signature(construct).parameters

    assert list(parameters) == ["_record", "id", "title", "pk", "_unknown"]
    assert parameters["title"].default == "x"


@given(st.text() | st.integers() | st.floats() | st.binary())
def test_default_is_kept_as_it_is(default: object) -> None:
    """A default never becomes source: whatever it holds, it is the value."""
    record = SimpleNamespace()
    make_constructor("blog.Post", attach(value=IntegerField(default=default)))(record)  # type: ignore[call-overload]  # a default of any type
    assert record.value is default


@pytest.mark.parametrize("name", ["self", "record", "print", "None_", "cls", "pk_", "refuse", "unset"])
def test_field_of_any_name(name: str) -> None:
    """No name of a field meets one of ours."""
    record = SimpleNamespace()
    make_constructor("blog.Post", attach(**{name: IntegerField()}))(record, **{name: 3})
    assert vars(record)[name] == 3
    assert record._row is None


def test_key_is_an_alias() -> None:
    """The property reads and writes the attribute of the key."""
    (field,) = attach(code=CharField(primary_key=True))
    kind = type("Country", (), {"pk": make_key(field)})
    country = kind()
    country.pk = "de"
    assert (country.code, country.pk) == ("de", "de")


def test_key_has_two_names() -> None:
    """The key comes under its name or as ``pk``, and not under both."""
    kind = type("Country", (), {"pk": make_key(attach(code=CharField(primary_key=True))[0])})
    construct = make_constructor("blog.Country", attach(code=CharField(primary_key=True, default="xx")))
    plain, named, alias = kind(), kind(), kind()

    construct(plain)
    construct(named, code="de")
    construct(alias, pk="at")

    assert (plain.code, named.code, alias.code) == ("xx", "de", "at")
    with pytest.raises(TypeError, match="pk and code are one field"):
        construct(kind(), pk="de", code="de")


def test_reference_of_a_field_that_has_none() -> None:
    """A field that refers to nothing leads nowhere; on the class the attribute is the field."""
    (field,) = attach(author=IntegerField())
    kind = type("Post", (), {"author": ReferenceAttribute(field), store_of("author"): None})
    post = kind()
    with pytest.raises(NotLoadedError):
        post.author = 5
    assert ReferenceAttribute(field).__get__(None, kind) is field

"""Forms as data: expressions that are put together, and what a field's storage is decided by."""

from enum import Enum, IntEnum

import pytest

from openviper.db.dialects.engines import get_dialect
from openviper.db.dialects.forms import Conversion, Storage, storage_of
from openviper.db.fields import ArrayField, CharField, DecimalField, ForeignKey, IntegerField
from openviper.db.fields.base import FieldKind
from openviper.db.models import Model
from tests.contract.storage.stores import compiled


class Mood(str, Enum):  # noqa: UP042 - what str() says of such a member is not its value
    """Members are texts."""

    GOOD = "good"


class Rank(IntEnum):
    """Members are numbers."""

    FIRST = 1


def test_expression_takes_the_value_in_every_place() -> None:
    """The value may stand several times; None passes by where it may come."""
    conversion = Conversion("f({v}, {v})")
    assert conversion.write("row[1]") == "f(row[1], row[1])"
    assert conversion.write("a", null=True) == "(None if a is None else f(a, a))"


def test_expression_follows_another() -> None:
    """One is put into the other, with the names of both."""
    both = Conversion("g({v})", {"g": 1}).after(Conversion("f({v})", {"f": 2}))
    assert both == Conversion("g((f({v})))", {"g": 1, "f": 2})


def test_storage_is_decided_by_kind_and_parameters() -> None:
    """Fields of different classes with the same parameters are stored alike."""
    assert storage_of(DecimalField(max_digits=7, decimal_places=3)) == Storage(
        kind=FieldKind.DECIMAL, max_digits=7, decimal_places=3
    )
    assert storage_of(ArrayField(IntegerField(null=True))) == Storage(
        kind=FieldKind.ARRAY, item=Storage(kind=FieldKind.INTEGER, null=True)
    )


def test_reference_is_stored_as_the_key() -> None:
    """A reference takes the form of the key at its end, and its own NULL."""

    class Country(Model):
        code = CharField(max_length=2, primary_key=True)

    class City(Model):
        country = ForeignKey(Country, null=True)

    assert storage_of(City._meta.by_name["country"]) == Storage(kind=FieldKind.CHAR, max_length=2, null=True)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql", "mariadb", "oracle", "mssql"])
def test_member_goes_as_its_value_and_comes_back(engine: str) -> None:
    """Drivers get plain values, instances get members; what is no member any more comes as it is."""
    for enum, kind in ((Mood, FieldKind.CHAR), (Rank, FieldKind.INTEGER)):
        form = get_dialect(engine).form(Storage(kind=kind, max_length=5, members=enum))
        member = next(iter(enum))
        stored = compiled(form.bind)(member)
        assert (stored, type(stored)) == (member.value, type(member.value))
        assert compiled(form.read)(stored) is member
        assert compiled(form.read)("gone") == "gone"

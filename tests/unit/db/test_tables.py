"""Models as tables of SQLAlchemy: under the names of the model, made once."""

import pytest
from sqlalchemy import bindparam, insert, select

from openviper.db.dialects.engines import ENGINES, get_dialect
from openviper.db.fields import BooleanField, CharField, DateTimeField, ForeignKey, JSONField
from openviper.db.models import Model
from openviper.db.tables import table_of


def test_columns_have_the_names_of_the_model() -> None:
    """A column is found by the attribute, and written as it is called in the database."""

    class Writer(Model):
        name = CharField(max_length=20, db_column="full_name")

    class Essay(Model):
        author = ForeignKey(Writer)

    table = table_of(Essay._meta, get_dialect("sqlite"))
    assert table.c.keys() == ["id", "author_id"]
    assert table.c.author_id.name == "author_id"
    assert table_of(Writer._meta, get_dialect("sqlite")).c["name"].name == "full_name"


def test_table_is_made_once_an_engine() -> None:
    """The same model gives the same table, and another one for another engine."""

    class Note(Model):
        at = DateTimeField()

    options = Note._meta
    assert table_of(options, get_dialect("sqlite")) is table_of(options, get_dialect("sqlite"))
    assert table_of(options, get_dialect("sqlite")) is not table_of(options, get_dialect("postgresql"))


def test_table_is_made_anew_when_models_change() -> None:
    """A target that was made anew may have a key of another type."""

    class Note(Model):
        at = DateTimeField()

    options = Note._meta
    first = table_of(options, get_dialect("sqlite"))

    class Other(Model):
        at = DateTimeField()

    assert table_of(options, get_dialect("sqlite")) is not first


@pytest.mark.parametrize("engine", ENGINES)
def test_statement_has_what_its_writer_said(engine: str) -> None:
    """SQLAlchemy adds no key, no RETURNING and no cast by itself."""

    class Note(Model):
        data = JSONField()
        at = DateTimeField()

    dialect = get_dialect(engine)
    table = table_of(Note._meta, dialect)
    compiled = insert(table).values(data=bindparam("a"), at=bindparam("b")).compile(dialect=dialect.compiler)
    holders = {"qmark": "?, ?", "format": "%s, %s", "numeric": ":1, :2", "numeric_dollar": "$1, $2"}
    values = holders[dialect.features.placeholder]
    assert str(compiled) == f"INSERT INTO db_note (data, at) VALUES ({values})"


@pytest.mark.parametrize("engine", ENGINES)
def test_truth_is_what_the_engine_takes_for_it(engine: str) -> None:
    """A column of numbers is no condition; where it is one, it stands alone."""

    class Note(Model):
        live = BooleanField()

    dialect = get_dialect(engine)
    table = table_of(Note._meta, dialect)
    text = str(select(table.c.id).where(table.c.live).compile(dialect=dialect.compiler))
    assert text.endswith("db_note.live" if dialect.features.native_boolean else "db_note.live = 1")

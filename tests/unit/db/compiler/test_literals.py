"""Values and expressions as text in DDL."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.db import fields
from openviper.db.compiler.literals import condition_text, default_text, key_text, write_literal
from openviper.db.constraints import Index, UniqueConstraint
from openviper.db.dialects.engines import get_dialect
from openviper.db.exceptions import DatabaseOperationNotSupportedError, FieldError
from openviper.db.functions import Lower, Now
from openviper.db.models import F, Model, Q
from openviper.db.registry import AnyModel
from openviper.db.schema.ddl import create_statements
from openviper.db.schema.table import schema_of

ENGINES = ["sqlite", "postgresql", "mysql", "mariadb", "oracle", "mssql"]


def make_thing() -> AnyModel:
    """Give a model with defaults and indexes of every form."""

    class Thing(Model):
        word = fields.CharField(max_length=20, db_default="it's")
        price = fields.DecimalField(max_digits=8, decimal_places=2, db_default=Decimal("1.50"))
        made = fields.DateTimeField(db_default=Now())

        class Meta:
            table_name = "thing"
            indexes = (Index(Lower("word"), F("price").desc(), name="ix_word", condition=Q(word="it's")),)

    return Thing


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (None, ["NULL"]),
        (True, ["1", "true", "1"]),
        (-5, ["-5"]),
        (0.1, ["0.1"]),
        (Decimal("1E+2"), ["100"]),
        ("a'b\\", ["'a''b\\'"]),
        (b"\x00\xff", ["X'00ff'", r"'\x00ff'::bytea", "X'00ff'"]),
        (uuid.UUID(int=1), ["'00000000-0000-0000-0000-000000000001'"]),
        (dt.date(2020, 1, 2), ["'2020-01-02'"]),
        (dt.datetime(2020, 1, 2, 3, 4, tzinfo=dt.UTC), ["'2020-01-02 03:04:00+00:00'"]),
        (dt.time(1, 2), ["'01:02:00'"]),
        (dt.timedelta(hours=1), ["'01:00:00.000000'", "'3600000000 microseconds'", "'01:00:00.000000'"]),
    ],
)
def test_values_are_written_as_each_engine_reads_them(value: object, texts: list[str]) -> None:
    """Truth, bytes and lengths of time differ, and nothing in a text ends it."""
    for engine, text in zip(("sqlite", "postgresql", "mariadb"), texts * (3 // len(texts)), strict=True):
        assert write_literal(value, get_dialect(engine)) == text


def test_values_without_a_literal_are_refused() -> None:
    """Infinities, NUL and lists."""
    for value in (float("inf"), float("nan"), "a\0", [1], object()):
        with pytest.raises(FieldError):
            write_literal(value, get_dialect("postgresql"))


@given(st.text(alphabet=st.sampled_from("ab'\"\\;-%:{}\n"), max_size=20))
def test_no_text_leaves_its_quotes(text: str) -> None:
    """Every quote within is doubled."""
    written = write_literal(text, get_dialect("sqlite"))
    assert (written[0], written[-1]) == ("'", "'")
    assert written[1:-1].replace("''", "").count("'") == 0
    assert written[1:-1].replace("''", "'") == text


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_has_the_definitions(engine: str) -> None:
    """Defaults stand in brackets; what an engine has no index for is left out."""
    model = make_thing()
    dialect = get_dialect(engine)
    options = model._meta
    table, *indexes = create_statements([schema_of(options)], dialect)
    assert "DEFAULT ('it''s')" in table
    assert f"DEFAULT ({default_text(options.by_name['price'], options, dialect)})" in table
    assert f"DEFAULT ({default_text(options.by_name['made'], options, dialect)})" in table
    assert bool(indexes) == dialect.features.expression_indexes
    assert ("WHERE" in " ".join(indexes)) == (bool(indexes) and dialect.features.partial_indexes)


def test_texts_of_postgresql() -> None:
    """Columns stand alone, and values are literals of their type."""
    options = make_thing()._meta
    dialect = get_dialect("postgresql")
    assert key_text(Lower("word"), options, dialect) == ("lower(word)", False)
    assert key_text(F("price").desc(), options, dialect) == ("price", True)
    assert condition_text(Q(word="it's", price__gt=1), options, dialect) == "word = 'it''s' AND price > 1.00"
    assert condition_text(~Q(word__in=["a", "b"]), options, dialect).count("'a'") == 1


def test_what_an_engine_cannot_keep_unique() -> None:
    """It is refused by name, and nothing of it is left out."""

    class Unique(Model):
        word = fields.CharField(max_length=20)

        class Meta:
            constraints = (UniqueConstraint(Lower("word"), name="one_word"),)

    for engine in ("mariadb", "mssql"):
        with pytest.raises(DatabaseOperationNotSupportedError, match="one_word"):
            create_statements([schema_of(Unique._meta)], get_dialect(engine))
    assert any(
        "UNIQUE INDEX one_word" in one for one in create_statements([schema_of(Unique._meta)], get_dialect("mysql"))
    )

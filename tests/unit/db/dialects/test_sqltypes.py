"""Types of SQLAlchemy that are written as their forms say."""

import pytest
from sqlalchemy import Column, MetaData, Table, cast
from sqlalchemy.schema import CreateTable

from openviper.db.dialects.engines import ENGINES, get_dialect
from openviper.db.dialects.forms import Storage
from openviper.db.dialects.sqltypes import type_of
from openviper.db.fields.base import FieldKind


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("kind", FieldKind)
def test_type_is_written_word_for_word(name: str, kind: FieldKind) -> None:
    """Whatever the dialect of SQLAlchemy would make of a type, the form decides."""
    storage = Storage(kind=kind, max_length=10, max_digits=8, decimal_places=2, item=Storage(kind=FieldKind.UUID))
    form = get_dialect(name).form(storage)
    table = Table("t", MetaData(), Column("v", type_of(form)))
    assert f"v {form.column_type}" in str(CreateTable(table).compile(dialect=get_dialect(name).compiler))


def test_collation_stands_in_a_column_and_in_no_cast() -> None:
    """CAST has no place for it."""
    dialect = get_dialect("mariadb")
    form = dialect.form(Storage(kind=FieldKind.CHAR, max_length=10))
    table = Table("t", MetaData(), Column("v", type_of(form)))
    assert "VARCHAR(10) COLLATE utf8mb4_nopad_bin" in str(CreateTable(table).compile(dialect=dialect.compiler))
    assert "COLLATE" not in str(cast(table.c.v, type_of(form)).compile(dialect=dialect.compiler))

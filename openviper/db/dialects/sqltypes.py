"""The types of SQLAlchemy that stand for storage forms.

This module loads SQLAlchemy, so others import it inside the functions that need it. A type is written in DDL as its
form says, word for word; from its family SQLAlchemy knows which operators a column has.
"""

from functools import cache
from typing import Any, Final, TypeAlias

from sqlalchemy import types
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import Column

from openviper.db.dialects.forms import Family, StorageForm

__all__ = ["make_type"]

SQLType: TypeAlias = types.TypeEngine[Any]

_BASES: Final[dict[Family, type[SQLType]]] = {
    Family.INTEGER: types.BigInteger,
    Family.FLOAT: types.Float,
    Family.DECIMAL: types.Numeric,
    Family.BOOLEAN: types.Boolean,
    Family.TEXT: types.Text,
    Family.BINARY: types.LargeBinary,
    Family.UUID: types.UserDefinedType,
    Family.DATE: types.Date,
    Family.TIME: types.Time,
    Family.DATETIME: types.DateTime,
    # SQLAlchemy's own would cast each parameter to json, which compares with no jsonb.
    Family.JSON: types.UserDefinedType,
    Family.ARRAY: types.UserDefinedType,
}


@cache
def make_type(family: Family, column_type: str, collation: str | None = None) -> SQLType:
    """Give the type of a storage form; the same one on every call.

    Args:
        family: See ``StorageForm``.
        column_type: See ``StorageForm``.
        collation: See ``StorageForm``.
    """
    made = _CLASSES[family]()
    vars(made).update(declared=column_type, declared_collation=collation)
    return made


def type_of(form: StorageForm) -> SQLType:
    """Give the type of a storage form."""
    return make_type(form.family, form.column_type, form.collation)


def _write_type(declared: SQLType, _compiler: object, **options: object) -> str:
    text: str = vars(declared)["declared"]
    collation: str | None = vars(declared)["declared_collation"]
    # In a CAST there is no place for it.
    if collation is None or not isinstance(options.get("type_expression"), Column):
        return text
    return f"{text} COLLATE {collation}"


def _declare(family: Family) -> type[SQLType]:
    made = type(f"Declared{family.name.title()}", (_BASES[family],), {"cache_ok": True})
    compiles(made)(_write_type)
    return made


_CLASSES: Final = {family: _declare(family) for family in Family}

"""What the parts of the compiler hand each other: an expression in SQL, with what it means."""

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from openviper.db.dialects.forms import Storage, StorageForm
from openviper.db.fields.base import AnyField

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

__all__ = ["Element", "Predicate", "Typed"]

#: An expression of SQLAlchemy, and one that is true or false.
Element: TypeAlias = "ColumnElement[Any]"
Predicate: TypeAlias = "ColumnElement[bool]"


class Typed(NamedTuple):
    """An expression in SQL.

    Args:
        element: The expression.
        storage: What it gives; ``storage.null`` says whether it may be NULL.
        form: How the engine represents that, and how it is read.
        field: The field that it is the column of; None for what was computed.
        name: What it is called in messages.
    """

    element: Element
    storage: Storage
    form: StorageForm
    field: AnyField | None = None
    name: str = ""

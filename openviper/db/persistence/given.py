"""Instances that callers give to a relation: of the right model, and of the database that the relation is in."""

from openviper.db.connections import Database
from openviper.db.exceptions import CrossDatabaseRelationError
from openviper.db.fields.base import shorten
from openviper.db.options import Options
from openviper.db.registry import AnyModel
from openviper.db.routers import may_relate, same_rows

__all__ = ["check_instance", "is_instance"]


def is_instance(value: object, model: AnyModel) -> bool:
    """Tell whether something is a row of a model; a proxy and its parent have the same rows.

    Args:
        value: What was given.
        model: The model.
    """
    options: Options | None = getattr(type(value), "_meta", None)
    return isinstance(value, model) or (options is not None and options.table == model._meta.table)


def check_instance(value: object, model: AnyModel, database: Database, *, place: str) -> None:
    """Refuse what is no row of a model, or none of a database.

    Args:
        value: What was given.
        model: The model.
        database: Where its row has to be.
        place: Who takes it and as which of several, for messages.

    Raises:
        TypeError: It is no instance of the model.
        CrossDatabaseRelationError: Its row is in another database (a ValueError).
    """
    label = model._meta.label
    if not is_instance(value, model):
        raise TypeError(f"{place} takes instances of {label}, not {type(value).__name__}: {shorten(value)}")
    origin = getattr(value, "_origin", None)
    if origin is not None and not same_rows(origin.alias, database.alias) and not may_relate():
        raise CrossDatabaseRelationError(
            f"{place}: this {label} is in database {origin.alias!r}, and the relation in {database.alias!r}; "
            "no row refers to one of another database"
        )

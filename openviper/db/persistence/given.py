"""Instances that callers give to a relation: of the right model, and of the database that the relation is in."""

from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from openviper.db.connections import Database
from openviper.db.exceptions import CrossDatabaseRelationError
from openviper.db.fields.base import shorten
from openviper.db.options import Options
from openviper.db.registry import AnyModel
from openviper.db.routers import may_relate, same_rows

__all__ = ["check_instance", "is_instance", "star_of", "take_items"]

T = TypeVar("T")

#: What coroutines, query sets and managers have, and nothing that holds rows.
_UNREAD: Final = ("__await__", "__aiter__", "get_queryset")


def take_items(given: Iterable[T], *, place: str) -> list[T]:
    """Give what a caller has given as one argument for several rows.

    Args:
        given: Rows, or their keys.
        place: Who takes them: ``tags.set()``.

    Raises:
        TypeError: It is one text, or a query set or another thing that has to be awaited first, or nothing of several.
    """
    if _is_unread(given):
        raise TypeError(
            f"{place} takes rows that have been read, not a {type(given).__name__}; write: {place[:-1]}await rows)"
        )
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise TypeError(
            f"{place} takes several instances or keys as a list, not {type(given).__name__}: {shorten(given)}"
        )
    return list(given)


def star_of(item: object, *, place: str) -> str:
    """Say how several rows are given where each is an argument, if that is what an item is; else give nothing.

    Args:
        item: One argument.
        place: Who takes it: ``tags.add()``.
    """
    if _is_unread(item):
        return f"; write: {place[:-1]}*await rows)"
    return f"; write: {place[:-1]}*items)" if isinstance(item, list | tuple | set | frozenset) else ""


def _is_unread(given: object) -> bool:
    """Tell whether something gives rows only when it is awaited; instances can be awaited, and are rows."""
    kind = type(given)
    return not hasattr(kind, "_meta") and any(hasattr(kind, one) for one in _UNREAD)


def is_instance(value: object, model: AnyModel) -> bool:
    """Tell whether something is a row of a model; a proxy and its parent have the same rows.

    Args:
        value: What was given.
        model: The model.
    """
    options: Options | None = getattr(type(value), "_meta", None)
    return isinstance(value, model) or (options is not None and options.table == model._meta.table)


def check_instance(value: object, model: AnyModel, database: Database, *, place: str, hint: str = "") -> None:
    """Refuse what is no row of a model, or none of a database.

    Args:
        value: What was given.
        model: The model.
        database: Where its row has to be.
        place: Who takes it and as which of several, for messages.
        hint: What to do where it is no instance.

    Raises:
        TypeError: It is no instance of the model.
        CrossDatabaseRelationError: Its row is in another database (a ValueError).
    """
    label = model._meta.label
    if not is_instance(value, model):
        raise TypeError(f"{place} takes instances of {label}, not {type(value).__name__}: {shorten(value)}{hint}")
    origin = getattr(value, "_origin", None)
    if origin is not None and not same_rows(origin.alias, database.alias) and not may_relate():
        raise CrossDatabaseRelationError(
            f"{place}: this {label} is in database {origin.alias!r}, and the relation in {database.alias!r}; "
            "no row refers to one of another database"
        )

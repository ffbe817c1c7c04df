"""Reading an instance again, in place."""

from collections.abc import Collection
from typing import Any

from openviper.db.constructor import store_of
from openviper.db.executor import database_of, read_one
from openviper.db.persistence.names import find_field
from openviper.db.persistence.record import Stored, keep_on_rollback, known_values, set_row
from openviper.db.query.description import Lookup, Query
from openviper.db.routers import stays_at

__all__ = ["refresh"]


async def refresh(record: Stored, names: Collection[str] | None = None, *, using: str | None = None) -> None:
    """Read the row of an instance again; see ``Model.refresh_from_db``.

    Args:
        record: The instance.
        names: Names of the fields to read; None means all.
        using: Alias of the database; None means the one it came from, else that of its model.

    Raises:
        ValueError: It has no key.
        FieldError: A name is of no field.
        DoesNotExist: The row is gone; it is the error of the model.
    """
    options = record._meta
    values = vars(record)
    key = values.get(options.pk.attname)
    if key is None:
        raise ValueError(f"this {options.label} has no key, so there is no row of it to read")
    if isinstance(names, str):
        raise ValueError(f"refresh_from_db() got the text {names!r}; write a list of names")
    chosen = [find_field(name, options, "refresh_from_db()", with_key=True).attname for name in names or ()]
    if names is not None and not chosen:
        return
    columns = None if names is None else tuple(chosen)
    query = Query(options.model, where=(Lookup("pk", 0),), order=(), columns=columns)
    alias = stays_at(record) if using is None else using
    found: Any = await read_one(query, (key,), alias)
    if found is None:
        raise options.model.DoesNotExist(f"{options.label} {key!r} is not in the database any more")
    fresh = vars(found)
    # What was read may never have been true for others; whoever saves the instance after a rollback writes it again.
    database = database_of(options, found._origin.alias)
    keep_on_rollback([record], database)
    if names is None:
        for name in [name for name in values if name.startswith(store_of(""))]:
            del values[name]
        values.update(fresh)
        record._row, record._origin = found._row, found._origin
        return
    for name in chosen:
        values[name] = fresh[name]
        # What the reference led to may have changed as well.
        values.pop(store_of(options.by_name[name].name), None)
    read = known_values(found, database.alias)
    set_row(record, known_values(record, database.alias) | {name: read[name] for name in chosen}, database)

"""One row that is there afterwards, whoever made it: get_or_create and update_or_create.

A search, and where it finds nothing an INSERT that does nothing if another task was faster; then the row of that task
is there to be read. No error is raised in between, so a transaction around goes on, and it takes no savepoint. Only a
unique constraint lets the engine see that two tasks make the same row; without one, each makes its own.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final, TypeVar, cast

from openviper.db.connections import Database
from openviper.db.exceptions import FieldError, IntegrityError, SerializationError
from openviper.db.fields.base import shorten
from openviper.db.options import Options
from openviper.db.persistence.cleaning import is_overridden
from openviper.db.persistence.record import Stored
from openviper.db.persistence.save import try_insert
from openviper.db.persistence.target import target_of
from openviper.db.registry import AnyModel
from openviper.db.routers import slot as routes
from openviper.db.routing.statements import route_write
from openviper.db.transactions import atomic, current_scope

__all__ = ["get_or_create", "update_or_create"]

M = TypeVar("M", bound=Stored)

#: How often what others have kept from being done is done again.
_MOST_TRIES: Final = 5


async def get_or_create(
    model: AnyModel,
    lookups: Mapping[str, object],
    defaults: Mapping[str, object] | None = None,
    *,
    find: Callable[[str | None], Awaitable[M | None]],
    using: str | None = None,
) -> tuple[M, bool]:
    """Give the row that is looked for, made if there is none, and whether it was made.

    Args:
        model: Whose row.
        lookups: What is looked for; those without ``__`` are values of a new row too.
        defaults: Values of a new row besides; what is callable is called when it is needed.
        find: Looks for it in a database; None where there is none.
        using: Alias of the database; None means that of the model.

    Raises:
        FieldError: A default is of no field.
        IntegrityError: The database refuses the new row, and the one in its way is not what was looked for.
    """
    options: Options = model._meta
    _check_names(options, defaults)
    if routes.routers:
        # What is looked for may have been written a moment ago, and has not come to a replica yet.
        using = await route_write(options, using)
    found = await find(using)
    if found is not None:
        return found, False
    record = cast("M", _new(model, lookups, defaults))
    return await _make_or_find(target_of(options, using), record, find)


async def update_or_create(
    model: AnyModel,
    lookups: Mapping[str, object],
    defaults: Mapping[str, object] | None = None,
    create_defaults: Mapping[str, object] | None = None,
    *,
    find: Callable[[str | None], Awaitable[M | None]],
    using: str | None = None,
) -> tuple[M, bool]:
    """Give the row that is looked for with other values, made if there is none, and whether it was made.

    It is a transaction, in which a row that was found is locked until it has its values.

    Args:
        model: Whose row.
        lookups: What is looked for; those without ``__`` are values of a new row too.
        defaults: Values that the row gets; what is callable is called when it is needed.
        create_defaults: Values of a new row in place of ``defaults``; None means the same ones.
        find: Looks for it in a database and locks it; None where there is none.
        using: Alias of the database; None means that of the model.

    Raises:
        FieldError: A default is of no field.
        ModelValidationError: Values were refused.
        IntegrityError: The database refuses the row.
    """
    options: Options = model._meta
    _check_names(options, defaults)
    _check_names(options, create_defaults)
    if routes.routers:
        using = await route_write(options, using)
    database = target_of(options, using)

    async def work() -> tuple[M, bool]:
        async with atomic(database.alias):
            found = await find(database.alias)
            if found is None:
                record = cast("M", _new(model, lookups, defaults if create_defaults is None else create_defaults))
                found, is_new = await _make_or_find(database, record, find)
                if is_new:
                    return found, True
            for name, value in _called(defaults).items():
                setattr(found, name, value)
            await found.save(using=database.alias)
        return found, False

    for _ in range(_MOST_TRIES if current_scope(database.alias) is None else 0):
        # MariaDB ends one of two that make the same row; then the row is there, and nothing is left to wait for.
        with suppress(SerializationError):
            return await work()
    return await work()


async def _make_or_find(
    database: Database, record: M, find: Callable[[str | None], Awaitable[M | None]]
) -> tuple[M, bool]:
    if await _try(record, database):
        return record, True
    found = await find(database.alias)
    if found is not None:
        return found, False
    # Something else is in the way, or what was is gone again; the database knows which.
    await record.save(using=database.alias, force_insert=True)
    return record, True


async def _try(record: Stored, database: Database) -> bool:
    if database.dialect.features.upsert == "on conflict" and not is_overridden(type(record), "save"):
        return await try_insert(record, database)
    try:
        # What a save() of the model's own sends besides is undone as well.
        async with atomic(database.alias):
            await record.save(using=database.alias, force_insert=True)
    except IntegrityError as error:
        if error.kind not in {"unique", ""}:
            raise
        return False
    return True


def _new(model: AnyModel, lookups: Mapping[str, object], defaults: Mapping[str, object] | None) -> object:
    exact = {name.removesuffix("__exact"): value for name, value in lookups.items()}
    values = {name: value for name, value in exact.items() if "__" not in name}
    return model(**(values | _called(defaults)))


def _called(defaults: Mapping[str, object] | None) -> dict[str, object]:
    made = defaults or {}
    return {name: value() if callable(value) else value for name, value in made.items()}


def _check_names(options: Options, defaults: Mapping[str, object] | None) -> None:
    for name in defaults or ():
        if name not in options.by_name:
            known = ", ".join(one.name for one in options.fields)
            raise FieldError(f"defaults: {options.label} has no field {shorten(name)}; there are {known}")

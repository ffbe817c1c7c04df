"""Saving one instance: a new row, or the changed fields of one that is there."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Final, cast

from openviper.db.compiler.write import insert_plan, update_plan
from openviper.db.connections import Database
from openviper.db.events.watchers import Watchers, watchers_of
from openviper.db.exceptions import FieldError, TableNotFound
from openviper.db.executor import name_model
from openviper.db.fields.base import AnyField
from openviper.db.options import Options
from openviper.db.permissions import bypass_permissions, check_permission, slot
from openviper.db.persistence.computed import (
    Computed,
    has_computed,
    is_computed,
    note_computed,
    take_computed,
    write_computed,
)
from openviper.db.persistence.names import read_update_fields
from openviper.db.persistence.record import (
    Stored,
    bind,
    keep_on_rollback,
    left_out,
    missing,
    note_stored,
    refuse_unread,
    restore,
)
from openviper.db.persistence.target import note_sent, target_of
from openviper.db.persistence.watched import clean_watched, previous_state, put_back, tell_inserted, tell_updated
from openviper.db.routers import same_rows
from openviper.db.routers import slot as routes
from openviper.db.routing.statements import check_relations, route_write

__all__ = ["save", "try_insert", "update"]

_MAX_MODELS: Final = 1000


async def save(
    record: Stored,
    *,
    using: str | None = None,
    update_fields: Collection[str] | None = None,
    force_insert: bool = False,
    force_update: bool = False,
    ignore_permissions: bool = False,
) -> None:
    """Store an instance; see ``Model.save``.

    Args:
        record: The instance.
        using: Alias of the database; None means the one it came from, else that of its model.
        update_fields: Names of the fields to write; None means those that have changed, none at all writes nothing.
        force_insert: Whether it is a new row in any case.
        force_update: Whether it is a row that is there in any case.
        ignore_permissions: Whether nobody is asked.

    Raises:
        ValueError: The arguments contradict each other, or a field is unknown.
        ModelValidationError: Fields hold what they must not.
        DoesNotExist: The row to update is gone.
    """
    if ignore_permissions:
        with bypass_permissions():
            await save(
                record, using=using, update_fields=update_fields, force_insert=force_insert, force_update=force_update
            )
        return
    options, origin = record._meta, record._origin
    alias = origin.alias if using is None and origin is not None else using
    if routes.routers:
        alias = await route_write(options, using, record)
    database = target_of(options, alias)
    names = None if update_fields is None else read_update_fields(update_fields, options)
    if force_insert and (force_update or names is not None):
        raise ValueError("force_insert makes a new row, so it goes with neither force_update nor update_fields")
    if names is not None and not names:
        return
    if routes.is_spread:
        await check_relations(record, database.alias)
    if force_insert or not (force_update or names is not None or _is_stored(record, database)):
        await _insert(record, database, ignores=False)
    else:
        await update(record, database, names)


async def try_insert(record: Stored, database: Database) -> bool:
    """Store an instance as a new row, unless a row that is there keeps it from being one.

    Args:
        record: The instance.
        database: Where to; its engine knows ``ON CONFLICT DO NOTHING``.

    Returns:
        Whether it was stored.
    """
    if routes.is_spread:
        await check_relations(record, database.alias)
    return await _insert(record, database, ignores=True)


async def update(record: Stored, database: Database, names: Collection[str] | None) -> None:
    """Write fields of an instance to its row, in one statement, or none where nothing has changed.

    Args:
        record: The instance; a failure leaves it as it was.
        database: Where to.
        names: The fields; None means those that have changed.
    """
    options = record._meta
    if slot.checker is not None:
        await check_permission(options.model, "update")
    watchers = watchers_of(options)
    values, row = vars(record), record._row
    before = values.copy()
    placed = previous = None
    try:
        if watchers is None:
            computed = _clean_for_update(record, names)
        else:
            computed = await _clean_watched(record, names, watchers)
            previous = previous_state(record, names, computed, database) if watchers.changes else None
        fields = _prepare_update(record, names, database, computed)
        if computed:
            placed = values.copy()
            touched, args = await write_computed(record, database, fields, computed)
        elif not fields:
            return
        else:
            plan = update_plan(options, database.dialect, tuple([one.attname for one in fields]))
            fields, args = plan.fields, bind(plan, values)
            placed = values.copy()
            try:
                touched = await database.execute(plan.sql, args)
            except TableNotFound as error:
                raise name_model(error, options, database.options) from error
        if not touched:
            raise options.model.DoesNotExist(
                f"{options.label} {values[options.pk.attname]!r} is not in database {database.alias!r} any more, so it "
                "cannot be updated; save(force_insert=True) stores it as a new row"
            )
    except BaseException:
        _undo(record, before, placed, row, watchers)
        raise
    finally:
        note_sent(options, database.alias)
    if computed:
        note_computed(record, database, computed, fields, args)
    else:
        keep_on_rollback([record], database)
        note_stored(record, database, fields, args)
    if watchers is not None:
        await tell_updated(record, watchers, database, previous)


async def _insert(record: Stored, database: Database, *, ignores: bool) -> bool:
    options = record._meta
    if slot.checker is not None:
        await check_permission(options.model, "create")
    watchers = watchers_of(options)
    values, row = vars(record), record._row
    before = values.copy()
    placed = None
    key = options.pk
    try:
        if watchers is None:
            record.full_clean()
        elif await _clean_new(record, watchers, row):
            await update(record, database, None)
            return True
        makes_key = key.auto and values[key.attname] is None
        # What an instance that was read lacks was not read, and is in the row that it came from.
        left = missing(left_out(options), values) if row is None and left_out(options) else ()
        plan = insert_plan(options, database.dialect, makes_key=makes_key, ignores=ignores, left=left)
        for field in plan.prepared:
            values[field.attname] = field.pre_save(values[field.attname], is_new=True)
        args = bind(plan, values)
        placed = values.copy()
        try:
            # What gives no key back says by the number of rows whether it was stored.
            fetch = database.fetch_one if plan.given else database.fetch_value if makes_key else database.execute
            made = await fetch(plan.sql, args)
        except TableNotFound as error:
            raise name_model(error, options, database.options) from error
    except BaseException as error:
        _undo(record, before, placed, row, watchers)
        if isinstance(error, KeyError):
            refuse_unread(record, error)
        raise
    finally:
        note_sent(options, database.alias)
    if ignores and not made:
        _undo(record, before, placed, row, watchers)
        return False
    keep_on_rollback([record], database)
    if plan.given:
        given = cast("tuple[object, ...]", made)
        values |= plan.read(given)
        args = (*args, *given)
    elif makes_key:
        values[key.attname] = made
        args = (*args, made)
    record._row = args
    record._origin = plan.origin(database.alias)
    if watchers is not None:
        await tell_inserted(record, watchers, database)
    return True


def _is_stored(record: Stored, database: Database) -> bool:
    """Tell whether there is a row; an instance whose key was taken away, or that goes elsewhere, is new."""
    if record._row is None or vars(record).get(record._meta.pk.attname) is None:
        return False
    return _came_from(record, database)


def _came_from(record: Stored, database: Database) -> bool:
    origin = record._origin
    return origin is None or origin.alias == database.alias or same_rows(origin.alias, database.alias)


def _clean_for_update(record: Stored, names: Collection[str] | None) -> Computed:
    """Clean the fields that may be written, and take out of the instance those that the engine computes."""
    left = () if names is None else _left_out(record, names)
    if not has_computed(record):
        record.full_clean(left)
        return {}
    # They stay in place until all is clean: a clean() of the author sees what was assigned.
    computed = _computed_names(record, left)
    record.full_clean([*left, *computed])
    return take_computed(record, computed)


async def _clean_new(record: Stored, watchers: Watchers, row: tuple[object, ...] | None) -> bool:
    """Clean a new instance with its hooks; tells whether one of them has stored it, so that an update is left to do."""
    await clean_watched(record, watchers, tuple, is_new=True)
    return row is None and record._row is not None


async def _clean_watched(record: Stored, names: Collection[str] | None, watchers: Watchers) -> Computed:
    """Do the same with the hooks and handlers that come before the statement."""
    left = _left_out(record, names)
    await clean_watched(record, watchers, lambda: [*left, *_computed_names(record, left)], is_new=False)
    return take_computed(record, _computed_names(record, left))


def _undo(
    record: Stored,
    before: dict[str, object],
    placed: dict[str, object] | None,
    row: tuple[object, ...] | None,
    watchers: Watchers | None,
) -> None:
    """Let an instance be as it was before a failure."""
    if watchers is None:
        restore(vars(record), before, placed)
    else:
        put_back(record, before, placed, row)


def _left_out(record: Stored, names: Collection[str] | None) -> list[str]:
    return [] if names is None else [one.name for one in record._meta.fields if one.name not in names]


def _computed_names(record: Stored, left: Collection[str]) -> list[str]:
    return [one.name for one in record._meta.fields if one.name not in left and is_computed(record, one)]


def _prepare_update(
    record: Stored, names: Collection[str] | None, database: Database, computed: Computed
) -> Sequence[AnyField]:
    """Give the fields that are written, with the values in place that some of them set by themselves."""
    options = record._meta
    key = options.pk
    changed = record.changed_fields()
    # An UPDATE under the new key would miss the row, or hit another one.
    if record._row and key.name in changed:
        raise FieldError(
            f"the key of this {options.label} was changed after it was read, and a row keeps its key; "
            "save(force_insert=True) stores another row under the new one"
        )
    values = vars(record)
    if not _came_from(record, database):
        # What the row holds over there is not known.
        changed = tuple(field.name for field in options.fields if field.attname in values)
    wanted = changed if names is None else names
    if not wanted and not computed:
        return []
    if names is None and not computed and not _prepared(options) and values.get(key.attname) is not None:
        by_name = options.by_name
        return [by_name[name] for name in changed if name != key.name]
    chosen = {name: options.by_name[name] for name in wanted if name != key.name}
    if computed:
        chosen = {name: field for name, field in chosen.items() if field.attname not in computed}
    for field in chosen.values():
        if field.attname not in values:
            getattr(record, field.attname)  # the error of a field that was not read
    for field in _prepared(options):
        if field.name in chosen or (names is None and field.attname in values):
            held = values[field.attname]
            made = values[field.attname] = field.pre_save(held, is_new=False)
            # One that keeps what is there, such as auto_now_add, gives no reason for a statement.
            if made is not held:
                chosen[field.name] = field
    # Reached by names or force_update only: save() stores what has no key as a new row.
    if values.get(key.attname) is None:
        raise ValueError(
            f"this {options.label} has no key, so there is no row of it to update; save it without arguments"
        )
    return list(chosen.values())


@lru_cache(maxsize=_MAX_MODELS)
def _prepared(options: Options) -> tuple[AnyField, ...]:
    """Give the fields that may set themselves; most models have few, and all pay for those that are asked."""
    return tuple(field for field in options.fields if field.prepares and field is not options.pk)

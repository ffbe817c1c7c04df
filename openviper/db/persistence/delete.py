"""Deleting rows, with what the rules of the fields that refer to them ask for.

Where the engine carries all of them out, one DELETE is all there is. Else a transaction looks at the rows first: which
there are, which others refer to them, which of those go too. Only the parts of the cascade are read that the engine
would not do, or that it would not refuse as the rules say. Then references are set to what they become, and rows are
deleted, those that refer before those that are referred to.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Iterable, Sequence

from openviper.db.compiler.planning import plan_of
from openviper.db.compiler.windows import windows_of
from openviper.db.connections import Database
from openviper.db.exceptions import FieldError, ProtectedError, RestrictedError
from openviper.db.executor import MOST_KEYS, in_slices
from openviper.db.fields.base import AnyField
from openviper.db.lists import note_change
from openviper.db.options import Options
from openviper.db.permissions import bypass_permissions, check_permission, slot
from openviper.db.persistence.branches import MOST_LEVELS, leaves_first
from openviper.db.persistence.record import Stored, forget_rows, has_other_key
from openviper.db.persistence.rules import Rule, effects_of, is_left_to_engine, reach_of, rules_of
from openviper.db.persistence.target import allow_reads, note_sent, read_unasked, target_of
from openviper.db.persistence.update import change_rows
from openviper.db.persistence.watched import Departing, watched_deletes
from openviper.db.query.description import Lookup, Many, Null, Param, Query, Subquery
from openviper.db.query.writes import Delete, Update, rows_of
from openviper.db.routers import slot as routes
from openviper.db.routing.statements import route_write
from openviper.db.transactions import atomic
from openviper.db.transactions.scope import Scope

__all__ = ["delete", "delete_rows"]


async def delete(record: Stored, *, using: str | None = None, ignore_permissions: bool = False) -> int:
    """Delete the row of an instance; see ``Model.delete``.

    Args:
        record: The instance; it keeps its key, and is new from then on.
        using: Alias of the database; None means the one it came from, else that of its model.
        ignore_permissions: Whether nobody is asked.

    Raises:
        ValueError: It has no key.
        FieldError: Its key was changed after it was read.
        ProtectedError: Others refer to the row, and are not to lose it.
    """
    if ignore_permissions:
        with bypass_permissions():
            return await delete(record, using=using)
    options, origin = record._meta, record._origin
    key = vars(record).get(options.pk.attname)
    if key is None:
        raise ValueError(f"this {options.label} has no key, so there is no row of it to delete")
    if has_other_key(record):
        raise FieldError(
            f"the key of this {options.label} was changed after it was read, so it is not clear which row is meant; "
            "delete it by a query"
        )
    query = Query(options.model, where=(Lookup("pk", 0),), order=())
    alias = origin.alias if using is None and origin is not None else using
    if routes.routers:
        alias = await route_write(options, using, record)
    count = await delete_rows(query, (key,), alias, record=record)
    if record._row is None:
        return count  # it is noted already, for those who wait for deletions
    forget_rows([record], target_of(options, alias).alias)
    return count


async def delete_rows(
    query: Query,
    values: tuple[object, ...],
    using: str | None = None,
    *,
    ignore_permissions: bool = False,
    record: Stored | None = None,
) -> int:
    """Delete all rows of a query, and give how many of its model there were.

    Args:
        query: The description of the query set.
        values: Its values.
        using: Alias of the database; None means that of the model.
        ignore_permissions: Whether nobody is asked.
        record: The instance whose row it is, if there is one; hooks are to meet it rather than another.

    Raises:
        ProtectedError: Other rows refer to them by a field that protects them; nothing was deleted.
        RestrictedError: Other rows that stay refer to them; nothing was deleted.
        IntegrityError: Others refer to them by a field without a rule; nothing was deleted.
    """
    if ignore_permissions:
        with bypass_permissions():
            return await delete_rows(query, values, using, record=record)
    options: Options = query.model._meta
    if routes.routers:
        using = await route_write(options, using)
    database = target_of(options, using)
    for model, _ in effects_of(options, database.dialect):
        note_change(model._meta.table)
    rows = rows_of(query)
    watched = watched_deletes(options, database.dialect)
    is_alone = not watched and is_left_to_engine(options, database.dialect)
    if slot.checker is not None:
        await _allow(rows, database, is_alone=is_alone)
    if is_alone:
        try:
            return await change_rows(Delete(rows), values, database)
        finally:
            _note_effects(options, database)
    departing = Departing(watched, database, {} if record is None else {options: {values[0]: record}})
    count, interruption = await _delete_inside(rows, values, database, departing, record)
    # Outside of the block, as a statement of theirs that fails could end the transaction.
    await departing.tell(is_cancelled=interruption is not None)
    if interruption is not None:
        raise interruption
    return count


async def _delete_inside(
    rows: Query, values: tuple[object, ...], database: Database, departing: Departing, record: Stored | None
) -> tuple[int, asyncio.CancelledError | None]:
    """Delete rows in a block, and give how many of the model there were, and what came in between once it was kept."""
    scope: Scope | None = None
    keys: list[object] = []
    try:
        async with atomic(database.alias) as scope:
            # Locked, so that nothing comes to refer to them meanwhile.
            can_lock = database.dialect.features.row_locks
            keys = await read_unasked(_locked(rows) if can_lock else rows, values, database)
            if keys:
                await _Cascade(rows.model._meta, database, departing).run(keys)
                _note_effects(rows.model._meta, database)
            departing.forget_rows()
            if record is not None and record._row is not None:
                forget_rows([record], database.alias)
    except asyncio.CancelledError as error:
        # While the block ended, which it may have done well: then the rows are gone, and those who wait hear of it.
        if scope is None or not scope.is_kept:
            raise
        return len(keys), error
    return len(keys), None


def _note_effects(options: Options, database: Database) -> None:
    """Note what the engine may have done to rows of other models; statements of ours note their own."""
    for model, _ in effects_of(options, database.dialect):
        note_sent(model._meta, database.alias)


def _locked(rows: Query) -> Query:
    """Give the query of keys that locks its rows; different ones, and those of windows, are found by a query within."""
    if not (rows.distinct or windows_of(rows)):
        return rows._replace(lock="wait")
    found = Lookup("pk__in", Subquery(rows, 0))
    return rows_of(Query(rows.model, where=(found,)))._replace(lock="wait")


async def _allow(rows: Query, database: Database, *, is_alone: bool) -> None:
    """Ask for all that deleting rows may do, whether or not there are rows to do it to: nothing has been sent yet.

    Args:
        rows: What is deleted.
        database: Where.
        is_alone: Whether one DELETE does it all, which asks for what it reads by itself.

    Raises:
        PermissionError: Something of it may not be done.
    """
    options, dialect = rows.model._meta, database.dialect
    await check_permission(options.model, "delete")
    for model, action in effects_of(options, dialect):
        await check_permission(model, action)
    if not is_alone and (models := plan_of(rows, dialect).models):
        await allow_reads(models)


class _Cascade:
    """What is deleted, and what becomes of the rows that refer to it."""

    def __init__(self, options: Options, database: Database, departing: Departing) -> None:
        self._options = options
        self._database = database
        self._departing = departing
        #: Models with a field that restricts; whether rows of theirs go by another way has to be known.
        self._restricting = {
            rule.owner
            for one in reach_of(options, database.dialect)
            for rule in rules_of(one, database.dialect)
            if rule.on_delete == "RESTRICT"
        }
        #: Keys of the rows that go, by model; those that the engine finds by itself are not among them.
        self._doomed: dict[Options, dict[object, None]] = {}
        self._changed: list[tuple[Rule, list[object]]] = []
        self._protected: dict[str, int] = {}
        self._restricted: list[tuple[Rule, list[object]]] = []

    async def run(self, keys: Sequence[object]) -> None:
        """Find all that is concerned, refuse if rules say so, and carry out the others."""
        await self._collect(keys)
        self._refuse()
        await self._departing.ask(self._doomed)
        for rule, referrers in self._changed:
            value = None if rule.on_delete == "SET_NULL" else rule.field.make_default()
            await self._set(rule, referrers, value)
        await self._delete()

    async def _collect(self, keys: Sequence[object]) -> None:
        waiting = deque([(self._options, keys)])
        while waiting:
            options, found = waiting.popleft()
            known = self._doomed.setdefault(options, {})
            new = [key for key in found if key not in known]
            known.update(dict.fromkeys(new))
            for rule in rules_of(options, self._database.dialect) if new else ():
                if rule.by_engine and (rule.on_delete != "CASCADE" or self._is_quiet(rule.owner)):
                    continue
                referrers = await self._find(rule, new)
                if referrers and rule.on_delete == "CASCADE":
                    waiting.append((rule.owner, referrers))
                elif referrers:
                    self._note(rule, referrers)

    def _note(self, rule: Rule, referrers: list[object]) -> None:
        if rule.on_delete == "PROTECT":
            self._protected[rule.field.path] = self._protected.get(rule.field.path, 0) + len(referrers)
        elif rule.on_delete == "RESTRICT":
            self._restricted.append((rule, referrers))
        else:
            self._changed.append((rule, referrers))

    def _refuse(self) -> None:
        if self._protected:
            raise ProtectedError(self._options.label, self._protected)
        left: dict[str, int] = {}
        for rule, referrers in self._restricted:
            gone = self._doomed.get(rule.owner, {})
            count = sum(key not in gone for key in referrers)
            if count:
                left[rule.field.path] = left.get(rule.field.path, 0) + count
        if left:
            raise RestrictedError(self._options.label, left)

    async def _delete(self) -> None:
        """Delete model by model, those first that no other refers to."""
        waiting = dict(self._doomed)
        while waiting:
            options = self._find_free(waiting)
            doomed = list(waiting.pop(options))
            for other, keys in waiting.items():
                # Models that refer to each other in a circle: what can be null lets go first.
                for rule in self._holds(options, other):
                    if rule.field.null:
                        await self._set(rule, list(keys), None)
            query = Query(options.model, where=(Lookup("pk__in", Many(0)),), order=())
            for some in await self._in_parts(options, doomed):
                await change_rows(Delete(rows_of(query)), (tuple(some),), self._database)

    def _find_free(self, waiting: Collection[Options]) -> Options:
        """Give a model that no other refers to; in a circle best one that those who refer to it can let go."""
        held = {
            one: [rule for other in waiting if other is not one for rule in self._holds(one, other)] for one in waiting
        }
        free = next((one for one, rules in held.items() if not rules), None)
        loose = next((one for one, rules in held.items() if all(rule.field.null for rule in rules)), None)
        return free or loose or next(iter(waiting))

    async def _in_parts(self, options: Options, keys: Sequence[object]) -> Iterable[Sequence[object]]:
        """Divide rows into what one statement deletes, so that none is left that refers to one that is gone."""
        held = [one for one in options.relations if _leads_to(one, options)]
        levels = MOST_LEVELS
        if not self._database.dialect.features.checks_late and len(keys) > 1:
            levels = 1
            for field in [one for one in held if one.null]:
                held.remove(field)
                await self._set(Rule(options, field, "SET_NULL", by_engine=False), list(keys), None)
        if not held or len(keys) <= levels:
            return in_slices(keys)
        names = [one.attname for one in held]
        query = Query(
            options.model, mode="tuples", columns=("pk", *names), where=(Lookup("pk__in", Many(0)),), order=()
        )
        targets: dict[object, Sequence[object]] = {}
        for some in in_slices(keys):
            rows = await read_unasked(query, (some,), self._database)
            targets.update((key, others) for key, *others in rows)
        return leaves_first(targets, most_rows=MOST_KEYS, most_levels=levels)

    def _holds(self, options: Options, other: Options) -> list[Rule]:
        """Give the fields by which rows of another model may keep the engine from deleting those of a model."""
        dialect = self._database.dialect
        is_late = dialect.features.checks_late
        return [
            rule
            for rule in rules_of(options, dialect)
            if rule.owner is other and not (rule.by_engine and (is_late or rule.on_delete != "CASCADE"))
        ]

    def _is_quiet(self, options: Options) -> bool:
        """Tell whether the engine may delete rows of a model that nobody has looked at."""
        dialect = self._database.dialect
        is_unseen = is_left_to_engine(options, dialect) and not watched_deletes(options, dialect)
        return is_unseen and not self._restricting & reach_of(options, dialect)

    async def _find(self, rule: Rule, keys: Sequence[object]) -> list[object]:
        """Give the keys of the rows that refer to any of some rows."""
        query = Query(rule.owner.model, where=(Lookup(f"{rule.field.attname}__in", Many(0)),), order=())
        found: list[object] = []
        for some in in_slices(keys):
            found += await read_unasked(rows_of(query), (some,), self._database)
        return found

    async def _set(self, rule: Rule, keys: Sequence[object], value: object) -> None:
        """Let rows refer to something else."""
        query = Query(rule.owner.model, where=(Lookup("pk__in", Many(0)),), order=())
        node = Null() if value is None else Param(1)
        change = Update(rows_of(query), ((rule.field.attname, node),))
        for some in in_slices(keys):
            await change_rows(change, (some,) if value is None else (some, value), self._database)


def _leads_to(field: AnyField, options: Options) -> bool:
    """Tell whether a field refers to the table of a model."""
    return field.related is not None and field.related.model._meta.table == options.table

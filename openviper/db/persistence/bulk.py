"""Storing many instances at once: new rows with their keys, and fields of rows that are there."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

from openviper.db.aliases import DEFAULT_ALIAS
from openviper.db.backends.base import Row
from openviper.db.compiler.bulk import BulkPlan, Conflict, bulk_insert_plan, bulk_update_plan
from openviper.db.compiler.origin import origin_for
from openviper.db.connections import Database
from openviper.db.events.running import ask, news, tell
from openviper.db.events.watchers import watchers_of
from openviper.db.exceptions import FieldError, IntegrityError, ModelValidationError
from openviper.db.fields.base import AnyField
from openviper.db.options import Options
from openviper.db.permissions import bypass_permissions
from openviper.db.persistence.batches import Statement, execute_statements, send_rows, send_statements
from openviper.db.persistence.cleaning import clean_all, is_overridden
from openviper.db.persistence.computed import update_computed
from openviper.db.persistence.gathering import Bound, Gathering, by_key
from openviper.db.persistence.names import read_conflict, read_field_names, unique_groups
from openviper.db.persistence.record import (
    Stored,
    has_other_key,
    keep_on_rollback,
    left_out,
    missing,
    note_all,
    without_own_key,
)
from openviper.db.persistence.target import allow, named, note_sent, target_of
from openviper.db.query.expressions import Expression
from openviper.db.registry import AnyModel
from openviper.db.routers import primary_of
from openviper.db.routers import slot as routes
from openviper.db.routing.statements import check_relations, route_write

__all__ = ["bulk_create", "bulk_update"]

M = TypeVar("M", bound=Stored)
#: Whether the engine makes the key, and the attributes that it makes besides.
_Kind: TypeAlias = tuple[bool, tuple[str, ...]]


async def bulk_create(
    model: AnyModel,
    records: Iterable[M],
    *,
    using: str | None = None,
    batch_size: int | None = None,
    ignore_conflicts: bool = False,
    update_conflicts: bool = False,
    unique_fields: Collection[str] | None = None,
    update_fields: Collection[str] | None = None,
    ignore_permissions: bool = False,
) -> list[M]:
    """Store instances as new rows, all of them or none, and give them back with their keys.

    Args:
        model: Of all of them.
        records: The instances.
        using: Alias of the database; None means that of the model.
        batch_size: Most rows of one statement; None leaves it to the engine.
        ignore_conflicts: Whether rows that are already there are passed over; nothing is known of any instance then.
        update_conflicts: Whether rows that are already there are updated.
        unique_fields: Names of the fields by which a row is already there; for ``update_conflicts``.
        update_fields: Names of the fields that such a row takes over; for ``update_conflicts``.
        ignore_permissions: Whether nobody is asked.

    Raises:
        ModelValidationError: Instances were refused; they are named by their positions, counted from 1.
        IntegrityError: The database refuses a row; none was stored.
        FieldError: A name is of no field, or of none that would do.
        NotLoadedError: A field of an instance was not read.
        ValueError: The arguments contradict each other, or an instance is there twice.
    """
    if ignore_permissions:
        with bypass_permissions():
            return await bulk_create(
                model,
                records,
                using=using,
                batch_size=batch_size,
                ignore_conflicts=ignore_conflicts,
                update_conflicts=update_conflicts,
                unique_fields=unique_fields,
                update_fields=update_fields,
            )
    options: Options = model._meta
    if routes.routers:
        using = await route_write(options, using)
    database = target_of(options, using)
    conflict = read_conflict(options, ignore_conflicts, update_conflicts, unique_fields, update_fields)
    size = read_batch_size(batch_size)
    await allow(options, "create")
    # Whoever may only create must not change rows by creating those that are there.
    if conflict is not None and conflict.updated:
        await allow(options, "update")
    # Not before: what gives the instances may change them on the way.
    items = _read_records(records, model, "bulk_create()")
    _refuse_repeated(items)
    for record in items if routes.is_spread else ():
        await check_relations(record, database.alias)
    if not items:
        return items
    watchers = watchers_of(options)
    if watchers is not None:
        await ask(watchers, "pre_bulk_create", items[:], model=model)
    try:
        await _Insertion(options, database, items, conflict).run(size)
    finally:
        note_sent(options, database.alias)
    if watchers is not None:
        await tell(news(watchers, "post_bulk_create", items[:], database.alias, model=model))
    return items


async def bulk_update(
    model: AnyModel,
    records: Iterable[Stored],
    fields: Collection[str],
    *,
    using: str | None = None,
    batch_size: int | None = None,
    ignore_permissions: bool = False,
) -> int:
    """Write fields of instances to their rows, all of them or none, and give how many rows there were.

    Args:
        model: Of all of them.
        records: The instances; of those with the same key the last one counts.
        fields: Names of the fields, at least one.
        using: Alias of the database; None means the one that the instances came from, else that of the model.
        batch_size: Most rows of one statement; None leaves it to the engine.
        ignore_permissions: Whether nobody is asked.

    Raises:
        ModelValidationError: Instances were refused; they are named by their positions, counted from 1.
        FieldError: A name is of no field, or of the key; or the key of an instance was changed after it was read.
        ValueError: An instance has no key, no field is named, or the instances came from several databases.
    """
    if ignore_permissions:
        with bypass_permissions():
            return await bulk_update(model, records, fields, using=using, batch_size=batch_size)
    options: Options = model._meta
    chosen = read_field_names(fields, options, "bulk_update()")
    size = read_batch_size(batch_size)
    items = _read_records(records, model, "bulk_update()")
    alias = _alias_of(items, options) if using is None else using
    if routes.routers:
        alias = await route_write(options, using, items[0] if items else None)
    database = target_of(options, alias)
    key = options.pk.attname
    keys = [vars(record).get(key) for record in items]
    position = next((place for place, one in enumerate(keys, start=1) if one is None), None)
    if position is not None:
        raise ValueError(f"bulk_update(): item {position} has no key, so there is no row of it; create it first")
    await allow(options, "update")
    if not items:
        return 0
    for record in items if routes.is_spread else ():
        await check_relations(record, database.alias)
    watchers = watchers_of(options)
    names = tuple(field.name for field in chosen)
    if watchers is not None:
        await ask(watchers, "pre_bulk_update", items[:], model=model, fields=names)
    try:
        touched = await _update(options, database, items, chosen, size)
    finally:
        note_sent(options, database.alias)
    if watchers is not None:
        await tell(news(watchers, "post_bulk_update", items[:], database.alias, model=model, fields=names))
    return touched


async def _update(
    options: Options, database: Database, items: Sequence[Stored], chosen: Sequence[AnyField], size: int | None
) -> int:
    """Write fields of instances, among which there may be expressions."""
    try:
        return await _Update(options, database, items, chosen).run(size)
    except ModelValidationError:
        if not any(isinstance(vars(one).get(field.attname), Expression) for one in items for field in chosen):
            raise
    last = _last_of_each(items, options.pk.attname)
    places = {id(items[position - 1]): position for position in last}

    async def write(some: Sequence[Stored], fields: Sequence[AnyField]) -> int:
        plain = _Update(options, database, some, fields)
        # Whoever is refused is named by its place among all.
        plain.positions = [places[id(one)] for one in plain.records]
        return await plain.run(size)

    return await update_computed(
        [items[place - 1] for place in places.values()], options, database, chosen, write=write
    )


def read_batch_size(size: int | None) -> int | None:
    """Give a batch size, or refuse what is none.

    Raises:
        ValueError: It is no whole number above 0.
    """
    if size is not None and (type(size) is not int or size < 1):
        raise ValueError(f"batch_size is {size!r}; it is a whole number above 0, or None")
    return size


class _Part(NamedTuple):
    """One statement of several.

    Args:
        plan: What it is made by.
        bound: The instances in it, and what was bound of each.
        statement: What is sent.
    """

    plan: BulkPlan
    bound: Sequence[Bound]
    statement: Statement


class _Insertion(Gathering):
    """New rows."""

    def __init__(
        self, options: Options, database: Database, records: Sequence[Stored], conflict: Conflict | None
    ) -> None:
        super().__init__(options, database, records, range(1, len(records) + 1))
        self.conflict = conflict
        #: By whether the engine makes their keys, and by the attributes that it makes besides.
        self._bound: dict[_Kind, list[Bound]] = {}
        self._left = left_out(options)
        #: What was met by the values that make a row the same, and where.
        self._seen: dict[tuple[object, ...], int] = {}

    async def run(self, batch_size: int | None) -> None:
        """Clean and store them."""
        try:
            await self.in_slices(self._take)
            parts = [part for kind in sorted(self._bound, reverse=True) for part in self._divide(batch_size, kind)]
            with named(self.options, self.database.options):
                given = await send_statements(self.database, [one.statement for one in parts])
            found = [part.plan.in_order(rows) for part, rows in zip(parts, given, strict=True)]
            for part, rows in zip(parts, found, strict=True):
                self._check(part, rows)
        except BaseException:
            self.undo()
            raise
        keep_on_rollback(self.records, self.database)
        for part, rows in zip(parts, found, strict=True):
            self._note(part, rows)

    def _take(self, records: Sequence[Stored], positions: Sequence[int]) -> None:
        clean_all(self.options.model, records, positions, self.changes, self.faults)
        if self.faults:
            return
        self.prepare(records, self.options.fields, is_new=True)
        self._refuse_twins(records, positions)
        key = self.options.pk
        # The engine makes no keys in a statement that has some.
        new = [one for one in records if vars(one)[key.attname] is None] if key.auto else []
        known = [one for one in records if vars(one)[key.attname] is not None] if new else records
        for some in (new, known):
            for left, alike in self._by_left(some):
                kind = (some is new, left)
                self._bound.setdefault(kind, []).extend(self.bind(self._plan(kind), alike))

    def _by_left(self, records: Sequence[Stored]) -> Iterable[tuple[tuple[str, ...], Sequence[Stored]]]:
        """Give instances together that lack the same attributes."""
        if not self._left:
            return [((), records)] if records else []
        found: dict[tuple[str, ...], list[Stored]] = {}
        for record in records:
            # What an instance that was read lacks was not read, and is in the row that it came from.
            names = self._left if record._row is None else ()
            found.setdefault(missing(names, vars(record)), []).append(record)
        return found.items()

    def _plan(self, kind: "_Kind") -> BulkPlan:
        makes_keys, left = kind
        dialect = self.database.dialect
        return bulk_insert_plan(self.options, dialect, makes_keys=makes_keys, conflict=self.conflict, left=left)

    def _refuse_twins(self, records: Sequence[Stored], positions: Sequence[int]) -> None:
        """Refuse instances that are one row, which PostgreSQL would and SQLite would not."""
        names = self.conflict.unique if self.conflict is not None and self.conflict.updated else ()
        for position, record in zip(positions if names else (), records, strict=False):
            values = tuple(vars(record).get(name) for name in names)
            first = position if None in values else self._seen.setdefault(values, position)
            if first != position:
                raise ValueError(
                    f"bulk_create(): items {first} and {position} are one row by {', '.join(names)}; leave one out"
                )

    def _divide(self, batch_size: int | None, kind: "_Kind") -> Iterator[_Part]:
        bound = self._bound[kind]
        plan = self._plan(kind)
        if self.conflict is not None:
            bound = by_key(bound, self._unique_places(plan, self.conflict))
        for place in plan.split(len(bound), batch_size):
            some = bound[place]
            yield _Part(plan, some, Statement(plan.sql(len(some)), plan.args([row for _, row in some])))

    def _unique_places(self, plan: BulkPlan, conflict: Conflict) -> list[int]:
        """Give the indexes of what makes a row the same; the key last, as Python may have made it for each row."""
        unique = set(conflict.unique) or {name for group in unique_groups(self.options) for name in group}
        found = [place for place, one in enumerate(plan.fields) if one.attname in unique]
        return sorted(found, key=lambda place: plan.fields[place] is self.options.pk)

    def _check(self, part: _Part, rows: Sequence[Row]) -> None:
        """Refuse an answer that does not say which key belongs to which instance."""
        if (part.plan.gives_keys or part.plan.given) and len(rows) != len(part.bound):
            raise IntegrityError(
                f"{len(part.bound)} rows of {self.options.label} were inserted and {len(rows)} keys came back; a "
                "trigger or a rule of the database leaves rows out, so store these instances one by one",
                table=self.options.table,
            )

    def _note(self, part: _Part, found: Sequence[Row]) -> None:
        plan, alias = part.plan, self.database.alias
        name = self.options.pk.attname
        keys = plan.read_keys(found) if plan.gives_keys else ()
        for (record, _), key in zip(part.bound, keys, strict=False):
            vars(record)[name] = key
        if self.conflict is not None:
            # What is in the row is known of none of them: it may be another row, or keep some of its own values.
            for record, _ in part.bound if self.conflict.updated else ():
                record._row, record._origin = (), origin_for(self.options, self.database.dialect, (), alias)
            return
        names = tuple(one.attname for one in plan.fields)
        if plan.given:
            made = tuple(one.attname for one in plan.given)
            origin = origin_for(self.options, self.database.dialect, (*names, *made), alias)
            for (record, row), given in zip(part.bound, found, strict=True):
                vars(record).update(plan.read_given(given))
                record._row = (*row, *given)
                record._origin = origin
        elif plan.gives_keys:
            origin = origin_for(self.options, self.database.dialect, (*names, name), alias)
            for (record, row), (given,) in zip(part.bound, found, strict=True):
                record._row = (*row, given)
                record._origin = origin
        else:
            origin = origin_for(self.options, self.database.dialect, names, alias)
            for record, row in part.bound:
                record._row = row
                record._origin = origin


class _Update(Gathering):
    """Fields of rows that are there."""

    def __init__(
        self, options: Options, database: Database, records: Sequence[Stored], fields: Sequence[AnyField]
    ) -> None:
        positions = _last_of_each(records, options.pk.attname)
        last = records if len(positions) == len(records) else [records[position - 1] for position in positions]
        super().__init__(options, database, last, positions)
        self.fields = fields
        self._bound: list[Bound] = []
        self._plan = bulk_update_plan(options, database.dialect, tuple(one.attname for one in fields))
        self._clean = self._cleaner(fields)

    async def run(self, batch_size: int | None) -> int:
        """Clean and store them, and give how many rows there were."""
        try:
            await self.in_slices(self._take)
            # Keys that are written in two ways are one after cleaning.
            bound = by_key({row[-1]: (record, row) for record, row in self._bound}.values(), [len(self.fields)])
            with named(self.options, self.database.options):
                touched = await self._send([row for _, row in bound], batch_size)
        except BaseException:
            self.undo()
            raise
        keep_on_rollback([record for record, _ in bound], self.database)
        note_all(bound, self.database, self._plan.fields)
        return touched

    def _take(self, records: Sequence[Stored], positions: Sequence[int]) -> None:
        key = self.options.pk
        self.faults.collect(records, positions, self._clean)
        unsure = without_own_key(records, positions)
        self.faults.collect([one for _, one in unsure], [one for one, _ in unsure], self._cleaner([key]))
        if self.faults:
            return
        for position, record in unsure:
            if has_other_key(record):
                raise FieldError(
                    f"bulk_update(): the key of item {position} was changed after it was read, and a row keeps its key"
                )
        for name in [one.attname for one in self.fields]:
            for record in records:
                if name not in vars(record):
                    getattr(record, name)  # the error of a field that was not read
        self.prepare(records, self.fields, is_new=False)
        self._bound += self.bind(self._plan, records)

    def _cleaner(self, fields: Sequence[AnyField]) -> Callable[[Any], None]:
        """Give what cleans some fields of an instance."""
        model = self.options.model
        if not is_overridden(model, "clean_fields"):
            clean: Callable[[Any], None] = model._cleaner.noting(self.changes, fields)
            return clean
        others = [one.name for one in self.options.fields if one not in fields]
        return lambda record: record.clean_fields(others)

    async def _send(self, rows: Sequence[Row], batch_size: int | None) -> int:
        plan = self._plan
        if not plan.is_listed:
            return await send_rows(self.database, plan.sql(1), rows)
        places = plan.split(len(rows), batch_size)
        return await execute_statements(
            self.database, [Statement(plan.sql(1), plan.args(rows[place])) for place in places]
        )


def _read_records(records: Iterable[M], model: AnyModel, caller: str) -> list[M]:
    items = list(records)
    for position, record in enumerate(items, start=1):
        if not isinstance(record, model):
            raise TypeError(f"{caller} takes instances of {model.__name__}; item {position} is {type(record).__name__}")
    return items


def _refuse_repeated(records: Sequence[Stored]) -> None:
    """Refuse an instance that would be two rows, of which it could know one only."""
    seen: dict[int, int] = {}
    for position, record in enumerate(records, start=1):
        first = seen.setdefault(id(record), position)
        if first != position:
            raise ValueError(f"bulk_create(): items {first} and {position} are the same instance; leave one out")


def _alias_of(records: Sequence[Stored], options: Options) -> str:
    """Give the database that instances came from, which has to be one."""
    own = options.database or DEFAULT_ALIAS
    found: dict[str, int] = {}
    known: object = records
    for position, record in enumerate(records, start=1):
        origin = record._origin
        if origin is known:
            continue  # most come from one query
        known = origin
        alias = own if origin is None else origin.alias
        # Replicas and their primary are one database here.
        found.setdefault(primary_of(alias), position)
    if len(found) > 1:
        places = ", ".join(f"item {position} of {alias!r}" for alias, position in found.items())
        raise ValueError(f"bulk_update() writes to one database, and these are of several: {places}; say using()")
    return next(iter(found), own)


def _last_of_each(records: Sequence[Stored], name: str) -> Sequence[int]:
    """Give the positions of the last instances with each key, counted from 1."""
    keys = [vars(record)[name] for record in records]
    try:
        last = {key: position for position, key in enumerate(keys, start=1)}
    except TypeError:
        # A list is no key; whoever cleans it says so.
        return range(1, len(keys) + 1)
    return sorted(last.values()) if len(last) < len(keys) else range(1, len(keys) + 1)

"""Letting rows refer to an instance, or to nothing: what ``author.books`` is told to add, remove, clear and set."""

from collections.abc import Iterable, Sequence
from typing import Self

from openviper.db.compiler.bulk import bulk_update_plan
from openviper.db.executor import in_slices
from openviper.db.fields.base import AnyField
from openviper.db.options import Options
from openviper.db.persistence.given import check_instance, star_of, take_items
from openviper.db.persistence.record import keep_on_rollback, note_stored
from openviper.db.persistence.target import allow, read_unasked, target_of
from openviper.db.persistence.update import update_rows
from openviper.db.query.description import Lookup, Many, Query
from openviper.db.query.reading import Reading
from openviper.db.registry import AnyModel, AnyRecord
from openviper.db.routers import slot as routes
from openviper.db.routing.statements import route_write
from openviper.db.transactions import atomic

__all__ = ["Referrers"]


class Referrers:
    """The rows that refer to an instance by a field, as they are written.

    Args:
        record: The instance.
        name: What its model calls those rows.
        field: The field of theirs that refers.
        rows: The query set of those that refer to the instance.
        using: Alias of the database; None means that of their model.
    """

    def __init__(self, record: AnyRecord, name: str, field: AnyField, rows: Reading, using: str | None) -> None:
        self._record = record
        self._name = name
        self._field = field
        self._rows = rows
        self._model: AnyModel = rows.query.model
        self._database = target_of(self._model._meta, using)

    @classmethod
    async def find(cls, record: AnyRecord, name: str, field: AnyField, rows: Reading) -> Self:
        """Make one for the database that the rows are written to.

        Args:
            record: The instance.
            name: What its model calls those rows.
            field: The field of theirs that refers.
            rows: The query set of those that refer to the instance.
        """
        using = rows.db_alias
        if routes.routers:
            using = await route_write(rows.query.model._meta, using)
        return cls(record, name, field, rows, using)

    async def add(self, records: Sequence[AnyRecord], *, bulk: bool) -> None:
        """Let instances refer to the one that this is about.

        Args:
            records: The instances.
            bulk: Whether one UPDATE does it; False saves each.

        Raises:
            TypeError: One is of another model.
            ValueError: One is not stored yet, unless each is saved; or is in another database.
            DoesNotExist: The row of one is gone; it is the error of its model.
        """
        self._check(records, "add", bulk=bulk)
        if not records:
            return
        await self._allow()
        async with atomic(self._database.alias):
            if bulk:
                await self._refer(records)
            else:
                await self._save(records, self._record)

    async def remove(self, records: Sequence[AnyRecord], *, bulk: bool) -> None:
        """Let instances refer to nothing that refer to the one that this is about.

        Args:
            records: The instances.
            bulk: Whether one UPDATE does it; False saves each.

        Raises:
            TypeError: One is of another model.
            ValueError: One is not stored yet, or is in another database.
            DoesNotExist: One does not refer to it; it is the error of its model.
        """
        self._check(records, "remove", bulk=True)
        for place, record in enumerate(records, start=1):
            if getattr(record, self._field.attname) != self._record.pk:
                raise type(self._record).DoesNotExist(
                    f"{self._name}.remove(): item {place} does not refer to this {self._record._meta.label}; "
                    "leave it out, or read it again"
                )
        if not records:
            return
        await self._allow()
        async with atomic(self._database.alias):
            if not bulk:
                await self._save(records, None)
                return
            await self._release([record.pk for record in records])
            self._note(records, None)

    async def clear(self, *, bulk: bool) -> None:
        """Let all rows refer to nothing.

        Args:
            bulk: Whether one UPDATE does it; False reads and saves each.
        """
        rows, alias = self._rows, self._database.alias
        await self._allow()
        if bulk:
            # One UPDATE is whole by itself.
            await update_rows(rows.query, rows.params, {self._field.name: None}, alias)
            return
        async with atomic(alias):
            await self._save(await self._look(rows.query), None)

    async def set(self, records: Iterable[AnyRecord], *, bulk: bool, clear: bool) -> None:
        """Let these rows refer to the instance, and no others as far as the field may be null.

        Args:
            records: Their instances; the errors are those of ``add()``.
            bulk: As for ``add()``.
            clear: Whether all are let go first; False writes the difference.
        """
        wanted = take_items(records, place=f"{self._name}.set()")
        self._check(wanted, "set", bulk=bulk)
        await self._allow()
        async with atomic(self._database.alias):
            # Where the field cannot be null nobody is let go, and the rows that are there stay.
            if clear and self._field.null:
                await self.clear(bulk=bulk)
            elif self._field.null:
                wanted = await self._release_others(wanted, bulk=bulk)
            await self.add(wanted, bulk=bulk)

    async def _release_others(self, wanted: list[AnyRecord], *, bulk: bool) -> list[AnyRecord]:
        """Let go the rows that are not wanted, and give those wanted ones that do not refer to the instance yet."""
        keys = {record.pk for record in wanted}
        if bulk:
            known = await self._look(_keys_of(self._rows.query))
            await self._release([key for key in known if key not in keys])
        else:
            found = await self._look(self._rows.query)
            known = [record.pk for record in found]
            await self._save([record for record in found if record.pk not in keys], None)
        there = set(known)
        return [one for one in wanted if one.pk not in there or getattr(one, self._field.attname) != self._record.pk]

    async def _allow(self) -> None:
        """Ask whether the rows may be changed, before anything is sent and any instance is told.

        Raises:
            PermissionError: They may not.
        """
        await allow(self._model._meta, "update")

    async def _look(self, query: Query) -> list[AnyRecord]:
        return await read_unasked(query, self._rows.params, self._database)

    async def _refer(self, records: Sequence[AnyRecord]) -> None:
        # Of the whole table: a manager of the model's own may hide rows that are to come in.
        query = Query(self._model, where=(Lookup("pk__in", Many(0)),), order=())
        values = {self._field.name: self._record.pk}
        # One that is given twice would count as a row that is gone.
        for some in in_slices(list({record.pk: record for record in records})):
            touched = await update_rows(query, (some,), values, self._database.alias)
            if touched < len(some):
                options: Options = self._model._meta
                raise self._model.DoesNotExist(
                    f"{self._name}: {len(some) - touched} of {len(some)} rows of {options.label} are gone, so none "
                    f"refers to this {self._record._meta.label} now"
                )
        self._note(records, self._record)

    async def _release(self, keys: Sequence[object]) -> None:
        query, params = self._rows.query, self._rows.params
        # Only those that refer to the instance still: others may have been moved since they were read.
        query = query._replace(where=(*query.where, Lookup("pk__in", Many(len(params)))))
        for some in in_slices(keys):
            await update_rows(query, (*params, some), {self._field.name: None}, self._database.alias)

    async def _save(self, records: Iterable[AnyRecord], target: AnyRecord | None) -> None:
        for record in records:
            setattr(record, self._field.name, target)
            await record.save(using=self._database.alias)

    def _note(self, records: Sequence[AnyRecord], target: AnyRecord | None) -> None:
        """Let instances know what was written of them, so that it does not count as changed."""
        name = self._field.attname
        plan = bulk_update_plan(self._model._meta, self._database.dialect, (name,))
        keep_on_rollback(records, self._database)
        for record in records:
            setattr(record, self._field.name, target)
            # Nothing is known of the row of one that has its key only, and nothing need be.
            if record._row:
                note_stored(record, self._database, plan.fields, plan.bind(vars(record)))

    def _check(self, records: Sequence[AnyRecord], method: str, *, bulk: bool) -> None:
        for place, record in enumerate(records, start=1):
            called = f"{self._name}.{method}()"
            where = f"{called}: item {place}"
            check_instance(record, self._model, self._database, place=where, hint=star_of(record, place=called))
            if bulk and (record.pk is None or record._row is None):
                mend = "save it first" if method == "remove" else "save it first, or give bulk=False, which does"
                raise ValueError(f"{where} is not stored yet; {mend}")


def _keys_of(query: Query) -> Query:
    return query._replace(mode="flat", columns=("pk",), order=(), related=(), deferred=())

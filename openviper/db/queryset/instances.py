"""Rows that become instances, and what can be said of those."""

from collections.abc import AsyncGenerator, Iterable
from typing import Any, Literal, Self

from openviper.db.exceptions import FieldError
from openviper.db.fields.base import shorten
from openviper.db.options import Options
from openviper.db.query.reading import Prefetch
from openviper.db.queryset.chain import M
from openviper.db.queryset.late import work
from openviper.db.queryset.plain import check_names
from openviper.db.queryset.write import WritableRows
from openviper.db.registry import AnyModel

__all__ = ["InstanceRows"]


class InstanceRows(WritableRows[M]):
    """Rows of a model as instances: which of their fields are read, and what is read along with them."""

    __slots__ = ()

    def only(self, *names: str) -> Self:
        """Read these fields and the primary key only; the others are not there until the instance is awaited.

        Args:
            names: Of fields, through ``select_related()`` also ``author__name``.

        Raises:
            TypeError: A name is no text.
        """
        self.refuse_combined("only")
        return self._read_keys(self.with_query(self.query._replace(columns=check_names("only", names) or None)))

    def defer(self, *names: str) -> Self:
        """Leave these fields out; they are not there until the instance is awaited.

        Args:
            names: Of fields, through ``select_related()`` also ``author__name``.

        Raises:
            TypeError: A name is no text.
        """
        self.refuse_combined("defer")
        deferred = dict.fromkeys((*self.query.deferred, *check_names("defer", names)))
        return self._read_keys(self.with_query(self.query._replace(deferred=tuple(deferred))))

    def select_related(self, *names: str | None) -> Self:
        """Read what a row refers to along with it, in the same query.

        Args:
            names: Of references, through several as ``"author__city"``; none stands for all that are not null. None
                takes back what was said before.

        Raises:
            TypeError: A name is no text.
        """
        self.refuse_combined("select_related")
        if names == (None,):
            return self.with_query(self.query._replace(related=()))
        related = dict.fromkeys((*self.query.related, *(check_names("select_related", names) or ("*",))))
        return self.with_query(self.query._replace(related=tuple(related)))

    def prefetch_related(self, *names: str | Prefetch | None) -> Self:
        """Read what rows are related to, in one more query for each relation.

        Args:
            names: Of relations in either direction, through several as ``"books__reviews"``; or ``Prefetch`` objects.
                None takes back what was said before.

        Raises:
            TypeError: A name is neither.
        """
        twin = self.with_query(self.query)
        if names == (None,):
            twin.prefetches = ()
            return twin
        for name in names:
            if not isinstance(name, str | Prefetch):
                raise TypeError(f"prefetch_related takes names and Prefetch objects, not {type(name).__name__}")
        twin.prefetches = (*self.prefetches, *names)
        return self._read_keys(twin)

    def _read_keys(self, rows: Self) -> Self:
        """Read along what tells a prefetch which rows are wanted, where ``only()`` or ``defer()`` leave it out."""
        query = rows.query
        if not rows.prefetches or (query.columns is None and not query.deferred):
            return rows
        options: Options = query.model._meta
        first = {(one if isinstance(one, str) else one.name).partition("__")[0] for one in rows.prefetches}
        wanted = [field for field in options.relations if field.name in first]
        names = {name for field in wanted for name in (field.name, field.attname)}
        columns = query.columns
        if columns is not None:
            columns = (*columns, *(one.name for one in wanted if {one.name, one.attname}.isdisjoint(columns)))
        deferred = tuple(name for name in query.deferred if name not in names)
        return rows.with_query(query._replace(columns=columns, deferred=deferred))

    def select_for_update(
        self, *, nowait: bool = False, skip_locked: bool = False, of: Iterable[str] = ("self",)
    ) -> Self:
        """Lock the rows that are read until the transaction ends.

        On SQLite, where a transaction that writes has the database for itself, nothing is added.

        Args:
            nowait: Whether a row that others have locked is an error at once.
            skip_locked: Whether such rows are left out.
            of: Whose rows; ``"self"`` is the model, and all that there is. MariaDB and MySQL lock the rows that
                ``select_related()`` reads along as well.

        Raises:
            FieldError: Both are asked for, or rows of a relation.
            TransactionError: When it is awaited: there is no transaction.
        """
        if nowait and skip_locked:
            raise FieldError("a row that is locked is refused or left out; give one of nowait and skip_locked")
        if tuple(of) != ("self",):
            raise FieldError(
                "select_for_update() locks the rows of the model itself, of=('self',); "
                "lock those of a relation by a query of their own in the same transaction"
            )
        self.refuse_combined("select_for_update")
        lock: Literal["wait", "nowait", "skip_locked"] = (
            "nowait" if nowait else "skip_locked" if skip_locked else "wait"
        )
        return self.with_query(self.query._replace(lock=lock))

    async def contains(self, record: M) -> bool:
        """Tell whether an instance is one of these rows; where they were prefetched nothing is asked.

        Args:
            record: The instance.

        Raises:
            TypeError: It is of another model, or the query set is a slice.
            ValueError: It has no key.
        """
        model: AnyModel = self.query.model
        if not isinstance(record, model):
            raise TypeError(f"contains() takes an instance of {model._meta.label}, not {type(record).__name__}")
        if record.pk is None:
            raise ValueError(f"this {model._meta.label} has no key, so no row is it; save it first")
        if self.known is not None:
            return record in self.known
        return await self.filter(pk=record.pk).exists()

    async def in_bulk(self, keys: Iterable[object] | None = None, *, field_name: str = "pk") -> dict[Any, M]:
        """Read rows by their keys, and give each under its key; keys without a row are left out.

        Args:
            keys: Values of the field; None stands for all rows of the query set.
            field_name: A unique field.

        Raises:
            FieldError: The field does not exist or is not unique, or a key is of a wrong type.
            TypeError: Keys are given and the query set is a slice.
        """
        options: Options = self.query.model._meta
        field = options.by_name.get(field_name)
        if field is None or not (field.unique or field.primary_key):
            known = ", ".join(one.name for one in options.fields if one.unique or one.primary_key)
            raise FieldError(f"in_bulk() goes by a unique field, not {shorten(field_name)}; there are {known}")
        rows = self
        if keys is not None:
            wanted = tuple(keys)
            rows = self.filter(**{f"{field.attname}__in": wanted}) if wanted else self.none()
        return {getattr(row, field.attname): row for row in await rows}

    def id_batch(self, size: int = 100) -> AsyncGenerator[list[M], None]:
        """Give the rows in lists, by keyset in the order of their primary key, whatever the order of the query.

        Args:
            size: Rows of a list, 1 or more; the last may have fewer.

        Raises:
            FieldError: ``size`` is none; or what the query itself raises.
            TypeError: The query set is a slice.
        """
        return work.id_batch(self, size)

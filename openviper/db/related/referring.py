"""The rows that refer to an instance: ``author.books``."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from openviper.db.constructor import refer_back, store_of
from openviper.db.manager import QuerySet
from openviper.db.query.reading import Answer
from openviper.db.queryset.late import work
from openviper.db.registry import AnyModel, AnyRecord
from openviper.db.related.rows import RelatedRows

if TYPE_CHECKING:
    from openviper.db.persistence.referrers import Referrers

__all__ = ["LooseRelatedManager", "RelatedManager"]

M = TypeVar("M")
T = TypeVar("T")


class RelatedManager(RelatedRows[M]):
    """The rows that refer to an instance: ``author.books``.

    It has the methods of the manager of their model, for these rows only. ``await author.books`` gives them as a list.
    Once they were read by ``prefetch_related("books")`` it can also be iterated, measured and indexed, and awaiting it
    or its ``all()`` asks nothing. ``remove()`` and ``clear()`` are there where the field that refers may be null.

    Annotate it for type checkers, which cannot see a relation backwards: ``books: RelatedManager["Book"]``.

    Args:
        record: The instance.
        name: What its model calls those rows.
        model: Theirs.
        field: The field of theirs that refers.
    """

    def __init__(self, record: AnyRecord, name: str, model: AnyModel, field: str) -> None:
        super().__init__(record, name, model)
        self._field = field

    if TYPE_CHECKING:  # which managers have them depends on a field, that checkers cannot see

        async def remove(self, *records: M, bulk: bool = True) -> None:
            """See ``LooseRelatedManager.remove()``."""

        async def clear(self, *, bulk: bool = True) -> None:
            """See ``LooseRelatedManager.clear()``."""
    else:

        def __getattr__(self, name: str) -> object:
            """Say why rows cannot let go; everything else is as of any manager of an instance."""
            if name in {"remove", "clear"}:
                message = (
                    f"{self._name} has no {name}(): {self._model._meta.by_name[self._field].path} cannot be null, so "
                    "rows cannot refer to nothing; delete them, or let them refer to something else"
                )
                raise AttributeError(message, name=name, obj=self)
            return super().__getattr__(name)

    # Not async, so that wrong arguments are refused by the call, and not by an await that may come later.

    def create(self, **values: object) -> Answer[M]:
        """Make an instance that refers to this one, and store it; see ``QuerySet.create()``.

        Raises:
            TypeError: The field that refers is given.
            ValueError: The instance has no key yet.
        """
        return self._write(super().create(**self._own(values)))

    def get_or_create(self, defaults: Mapping[str, object] | None = None, **lookups: object) -> Answer[tuple[M, bool]]:
        """Give the row that is looked for among these, made if there is none; see ``QuerySet.get_or_create()``.

        Raises:
            TypeError: The field that refers is given.
            ValueError: The instance has no key yet.
        """
        return self._write(super().get_or_create(defaults, **self._own(lookups)))

    def update_or_create(
        self,
        defaults: Mapping[str, object] | None = None,
        create_defaults: Mapping[str, object] | None = None,
        **lookups: object,
    ) -> Answer[tuple[M, bool]]:
        """Give the row that is looked for among these with other values; see ``QuerySet.update_or_create()``.

        Raises:
            TypeError: The field that refers is given.
            ValueError: The instance has no key yet.
        """
        return self._write(super().update_or_create(defaults, create_defaults, **self._own(lookups)))

    def bulk_create(self, records: Iterable[M], **options: Any) -> Answer[list[M]]:
        """Let instances refer to this one, and store them; see ``QuerySet.bulk_create()``.

        Raises:
            ValueError: The instance has no key yet.
        """
        return self._write(super().bulk_create(self._linked(list(records)), **options))

    def bulk_update(
        self,
        records: Iterable[M],
        fields: Collection[str],
        *,
        batch_size: int | None = None,
        ignore_permissions: bool = False,
    ) -> Answer[int]:
        """Write fields of instances that refer to this one; see ``QuerySet.bulk_update()``.

        Raises:
            ValueError: An instance refers to another one, or this instance has no key yet.
        """
        rows, key = self.get_queryset(), self._record.pk
        own = list(records)
        attribute = self._model._meta.by_name[self._field].attname
        for position, record in enumerate(own, start=1):
            if (other := getattr(record, attribute)) != key:
                raise ValueError(
                    f"{self._name}.bulk_update(): item {position} has {attribute}={other!r} and is none of "
                    f"these rows; {self._model.__name__}.objects.bulk_update() takes any"
                )
        return self._write(rows.bulk_update(own, fields, batch_size=batch_size, ignore_permissions=ignore_permissions))

    async def add(self, *records: M, bulk: bool = True) -> None:
        """Let rows refer to this instance, all of them or none; those that do already stay as they are.

        Args:
            records: Their instances, which know it afterwards.
            bulk: Whether one UPDATE does it; False saves each instance, also those that are not stored yet.

        Raises:
            TypeError: One is of another model.
            ValueError: One is not stored yet, or is in another database; or this instance has no key yet.
            DoesNotExist: The row of one is gone; it is the error of its model.
        """
        await self._write((await self._referrers()).add(cast("tuple[AnyRecord, ...]", records), bulk=bulk))

    async def set(self, records: Iterable[M], *, bulk: bool = True, clear: bool = False) -> None:
        """Let these rows refer to this instance and, where the field may be null, no others, in one transaction.

        Args:
            records: Their instances.
            bulk: As for ``add()``.
            clear: Whether all are let go first; False writes those only that come or go.

        Raises:
            TypeError: One is of another model.
            ValueError: One is not stored yet, or is in another database; or this instance has no key yet.
            DoesNotExist: The row of one is gone; it is the error of its model.
        """
        await self._write((await self._referrers()).set(cast("Iterable[AnyRecord]", records), bulk=bulk, clear=clear))

    def _narrow(self, rows: QuerySet[M], key: object) -> QuerySet[M]:
        return rows.filter(**{self._model._meta.by_name[self._field].attname: key})

    async def _referrers(self) -> "Referrers":
        field = self._model._meta.by_name[self._field]
        return await work.Referrers.find(self._record, self._name, field, self.get_queryset())

    def _linked(self, records: Iterable[M]) -> Iterator[M]:
        """Let instances refer to this one when they are wanted: after permission was given, before they are checked."""
        for record in records:
            setattr(record, self._field, self._record)
            yield record

    def _own(self, values: dict[str, object]) -> dict[str, object]:
        """Add the field that refers."""
        for name in (self._field, self._model._meta.by_name[self._field].attname):
            if name in values:
                raise TypeError(f"{self._name} sets {name} itself; leave it out")
        return {**values, self._field: self._record}

    def _prefetched(self) -> list[M] | None:
        known: list[AnyRecord] | None = super()._prefetched()
        # Only now, as prefetching for rows that nobody looks at would pay for it.
        if known and getattr(known[0], store_of(self._field)) is None:
            refer_back(self._record, known, self._field)
        return known


class LooseRelatedManager(RelatedManager[M]):
    """The rows that refer to an instance by a field that may be null, so that they can be let go."""

    async def remove(self, *records: M, bulk: bool = True) -> None:
        """Let rows refer to nothing that refer to this instance, all of them or none.

        Args:
            records: Their instances.
            bulk: Whether one UPDATE does it; False saves each instance.

        Raises:
            TypeError: One is of another model.
            ValueError: One is not stored yet, or is in another database; or this instance has no key yet.
            DoesNotExist: One does not refer to this instance; it is the error of this model.
        """
        await self._write((await self._referrers()).remove(cast("tuple[AnyRecord, ...]", records), bulk=bulk))

    async def clear(self, *, bulk: bool = True) -> None:
        """Let all rows refer to nothing that refer to this instance.

        Args:
            bulk: Whether one UPDATE does it; False reads and saves each.

        Raises:
            ValueError: This instance has no key yet.
        """
        await self._write((await self._referrers()).clear(bulk=bulk))

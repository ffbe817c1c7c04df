"""The rows that an instance is linked with by a many-to-many: ``post.tags``, and ``tag.post_set``."""

import datetime as dt
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Never, TypeAlias, TypeVar
from uuid import UUID

from openviper.db.fields.relation import ManyRelation
from openviper.db.manager import QuerySet
from openviper.db.options import Options
from openviper.db.query.description import Lookup, Place, Query, Subquery
from openviper.db.queryset.late import work
from openviper.db.registry import AnyModel, AnyRecord
from openviper.db.related.rows import RelatedRows
from openviper.db.transactions import atomic

if TYPE_CHECKING:
    from openviper.db.persistence.links import Links

__all__ = ["ManyRelatedManager"]

M = TypeVar("M")
T = TypeVar("T")
#: What can be the key of a row; which of these it is, the primary key of the model says.
Key: TypeAlias = int | float | str | bytes | Decimal | dt.date | dt.time | dt.timedelta | UUID


class ManyRelatedManager(RelatedRows[M]):
    """The rows that an instance is linked with: ``post.tags``, and seen from there ``tag.post_set``.

    It has the methods of the manager of their model, for these rows only, each of which comes once. ``await post.tags``
    gives them as a list. Once they were read by ``prefetch_related("tags")`` it can also be iterated, measured and
    indexed, and awaiting it or its ``all()`` asks nothing.

    Type checkers know it of the field that declares the relation. For the other side write it down:
    ``post_set: ManyRelatedManager["Post"]``.

    Args:
        record: The instance.
        relation: The many-to-many, as its model sees it.
    """

    def __init__(self, record: AnyRecord, relation: ManyRelation) -> None:
        super().__init__(record, relation.name, relation.model)
        self._relation = relation

    @property
    def through(self) -> AnyModel:
        """The through model, each row of which is a pair; its queries begin at ``post.tags.through.objects``."""
        return self._relation.through

    async def add(self, *items: M | Key, through_defaults: Mapping[str, object] | None = None) -> None:
        """Link rows, all of them or none; those that are linked already stay as they are.

        One statement does it, or two where nothing but a look tells which pairs there are.

        Args:
            items: Their instances or their keys.
            through_defaults: Values of other fields of the through model; what is callable is called for each pair.
                None leaves them to the fields.

        Raises:
            TypeError: An instance is of another model, or ``through_defaults`` names what the link sets itself.
            ValueError: An instance has no key yet, or is in another database; or this instance has no key.
            FieldError: Something can be no key.
            IntegrityError: There is no row of a key; nothing was linked.
        """
        await self._write((await self._links()).add(items, through_defaults))

    async def remove(self, *items: M | Key) -> None:
        """Take links away, by one statement; what is not linked is passed over. The rows themselves stay.

        Args:
            items: Instances or keys of the other rows.

        Raises:
            TypeError: An instance is of another model.
            ValueError: An instance has no key yet, or is in another database; or this instance has no key.
            FieldError: Something can be no key.
        """
        await self._write((await self._links()).remove(items))

    async def clear(self) -> None:
        """Take all links of this instance away, by one statement. The rows themselves stay.

        Raises:
            ValueError: This instance has no key.
        """
        await self._write((await self._links()).clear())

    async def set(
        self,
        items: Iterable[M | Key],
        *,
        clear: bool = False,
        through_defaults: Mapping[str, object] | None = None,
    ) -> None:
        """Link this instance with these rows and no others, in one transaction of at most three statements.

        Args:
            items: Their instances or their keys.
            clear: Whether all links are taken away first; False writes those only that come or go.
            through_defaults: As for ``add()``; links that stay keep their values.

        Raises:
            TypeError: An instance is of another model.
            ValueError: An instance has no key yet, or is in another database; or this instance has no key.
            FieldError: Something can be no key.
            IntegrityError: There is no row of a key; nothing has changed.
        """
        await self._write((await self._links()).set(items, clear=clear, defaults=through_defaults))

    async def create(  # type: ignore[override]  # no model has a field of the name
        self, *, through_defaults: Mapping[str, object] | None = None, **values: object
    ) -> M:
        """Make an instance of the other model, store it and link it, in one transaction.

        Args:
            through_defaults: As for ``add()``.
            values: As for the constructor of the model.

        Raises:
            TypeError: A keyword is no field.
            ModelValidationError: Values were refused.
            IntegrityError: The database refuses the row.
            ValueError: This instance has no key.
        """

        async def make() -> tuple[M, bool]:
            return await rows.create(**values), True

        rows, links = await self._both()
        # Before the row is made, as its hooks may do what no rollback takes back.
        await links.allow()
        made, _ = await self._write(self._and_link(make, links, through_defaults))
        return made

    async def get_or_create(  # type: ignore[override]  # as create()
        self,
        defaults: Mapping[str, object] | None = None,
        *,
        through_defaults: Mapping[str, object] | None = None,
        **lookups: object,
    ) -> tuple[M, bool]:
        """Give the row that is looked for among these; if there is none it is made and linked.

        Args:
            defaults: As for ``QuerySet.get_or_create()``.
            through_defaults: As for ``add()``.
            lookups: As for ``QuerySet.get_or_create()``.

        Raises:
            IntegrityError: A row that is not linked is in the way of the one to be made; link that one by ``add()``.
            ValueError: This instance has no key.
        """
        rows, links = await self._both()
        # Whether the link may be made is asked when there is one to make: mostly the row is found.
        return await self._write(
            self._and_link(lambda: rows.get_or_create(defaults, **lookups), links, through_defaults)
        )

    async def update_or_create(  # type: ignore[override]  # as create()
        self,
        defaults: Mapping[str, object] | None = None,
        create_defaults: Mapping[str, object] | None = None,
        *,
        through_defaults: Mapping[str, object] | None = None,
        **lookups: object,
    ) -> tuple[M, bool]:
        """Give the row that is looked for among these with other values; if there is none it is made and linked.

        Args:
            defaults: As for ``QuerySet.update_or_create()``.
            create_defaults: As for ``QuerySet.update_or_create()``.
            through_defaults: As for ``add()``.
            lookups: As for ``QuerySet.update_or_create()``.

        Raises:
            IntegrityError: A row that is not linked is in the way of the one to be made; link that one by ``add()``.
            ValueError: This instance has no key.
        """
        rows, links = await self._both()
        return await self._write(
            self._and_link(lambda: rows.update_or_create(defaults, create_defaults, **lookups), links, through_defaults)
        )

    async def bulk_create(
        self, records: Iterable[M], *, through_defaults: Mapping[str, object] | None = None, **options: Any
    ) -> list[M]:
        """Store instances of the other model as new rows and link them, in one transaction.

        Args:
            records: The instances.
            through_defaults: As for ``add()``.
            options: As for ``QuerySet.bulk_create()``.

        Raises:
            ValueError: ``ignore_conflicts`` is given, after which nobody knows the keys; or this instance has no key.
        """
        if options.get("ignore_conflicts"):
            raise ValueError(
                f"{self._name}.bulk_create() links the rows that it makes, and ignore_conflicts leaves them without "
                f"keys; store them by {self._model.__name__}.objects.bulk_create(), and add() those that are wanted"
            )
        rows, links = await self._both()
        await links.allow()

        async def make() -> list[M]:
            async with atomic(links.alias):
                made = await rows.bulk_create(records, **options)
                await links.add(made, through_defaults)
            return made

        return await self._write(make())

    def bulk_update(self, records: Iterable[M], fields: Collection[str], **options: Any) -> Never:
        """Refuse: nothing in an instance says whether it is one of these rows.

        Raises:
            TypeError: Always.
        """
        raise TypeError(
            f"{self._name}.bulk_update() would not be limited to these rows; "
            f"{self._model.__name__}.objects.bulk_update() takes any"
        )

    def _narrow(self, rows: QuerySet[M], key: object) -> QuerySet[M]:
        relation, query = self._relation, rows.query
        # What can take no condition more says so itself.
        if query.limit is not None or query.offset is not None or query.combined is not None:
            return rows.filter(pk__in=())
        # Not by filter(), which would lower and check the same condition for each instance anew.
        condition = _linked_to(relation.through._meta, relation.source, relation.target, len(rows.params))
        return rows.with_query(query._replace(where=(*query.where, condition)), (*rows.params, key))

    async def _links(self) -> "Links":
        self._key()
        return await work.Links.find(self._record, self._relation, self._alias)

    async def _both(self) -> tuple[QuerySet[M], "Links"]:
        """Give these rows and their links, both of the database that is written to."""
        links = await self._links()
        return self.get_queryset().using(links.alias), links

    async def _and_link(
        self,
        make: Callable[[], Awaitable[tuple[M, bool]]],
        links: "Links",
        through_defaults: Mapping[str, object] | None,
    ) -> tuple[M, bool]:
        """Make a row, or find it, and link one that was made."""
        async with atomic(links.alias):
            record, is_new = await make()
            if is_new:
                await links.add((record,), through_defaults)
        return record, is_new


@lru_cache(maxsize=1000)
def _linked_to(through: Options, source: str, target: str, place: Place) -> Lookup:
    """Describe the rows that are linked to the one of a key, which is found at a place among the values.

    The pairs are asked for in a query within, so that no row comes twice; and not by their manager, which may hide
    some.
    """
    fields = through.by_name
    own = (Lookup(fields[source].attname, 0),)
    pairs = Query(through.model, mode="flat", columns=(fields[target].attname,), where=own, order=())
    return Lookup("pk__in", Subquery(pairs, place))

"""Pairs of a many-to-many: what ``post.tags`` is told to add, remove, clear and set, as rows of the through model."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final, Self, TypeVar

from openviper.db.exceptions import FieldError, FieldValueError, IntegrityError, SerializationError
from openviper.db.executor import MOST_KEYS, in_slices
from openviper.db.fields.base import AnyField, shorten
from openviper.db.fields.relation import ManyRelation
from openviper.db.options import Options
from openviper.db.persistence.bulk import bulk_create
from openviper.db.persistence.delete import delete_rows
from openviper.db.persistence.given import check_instance, star_of, take_items
from openviper.db.persistence.names import unique_groups
from openviper.db.persistence.target import allow, read_unasked, target_of
from openviper.db.query.description import And, Condition, Lookup, Many, Or, Query
from openviper.db.registry import AnyModel, AnyRecord
from openviper.db.routers import slot as routes
from openviper.db.routing.statements import route_write
from openviper.db.transactions import atomic, current_scope

__all__ = ["Links"]

T = TypeVar("T")

#: How often what others have kept from being done is done again.
_MOST_TRIES: Final = 5


class Links:
    """The pairs of one instance in a many-to-many, as they are written.

    Where no two rows of the through model can be the same pair, the engine leaves out those that are there, also what
    another task adds at the same time. Where they can, a lock on the row of the instance lets one task at a time look
    which pairs there are.

    Args:
        record: The instance.
        relation: The many-to-many, as its model sees it.
        using: Alias of the database; None means that of the through model.
    """

    def __init__(self, record: AnyRecord, relation: ManyRelation, using: str | None) -> None:
        self._record = record
        self._relation = relation
        self._through: AnyModel = relation.through
        options: Options = self._through._meta
        self._source: AnyField = options.by_name[relation.source]
        self._target: AnyField = options.by_name[relation.target]
        self._database = target_of(options, using)
        self._key: object = record.pk

    @classmethod
    async def find(cls, record: AnyRecord, relation: ManyRelation, using: str | None) -> Self:
        """Make one for the database that the pairs are written to.

        Args:
            record: The instance.
            relation: The many-to-many, as its model sees it.
            using: Alias of the database; None leaves it to the routers, or to the through model.
        """
        # Not in the constructor, as routers may have to be awaited.
        if routes.routers:
            using = await route_write(relation.through._meta, using)
        return cls(record, relation, using)

    @property
    def alias(self) -> str:
        """The database that the pairs are in."""
        return self._database.alias

    async def add(self, items: Iterable[object], defaults: Mapping[str, object] | None = None) -> None:
        """Make pairs with rows; pairs that are there stay as they are.

        Args:
            items: Instances or keys of the other rows.
            defaults: Values of other fields of the through model; what is callable is called for each pair.

        Raises:
            TypeError: An instance is of another model, or ``defaults`` cannot be meant.
            ValueError: An instance has no key, or is in another database; or None was given.
            FieldError: Something can be no key of the other model.
            IntegrityError: There is no row of a key; nothing was linked.
        """
        keys = self._read(items, "add")
        self._check_defaults(defaults)
        if keys:
            await self._again(lambda: self._insert(keys, defaults))

    async def remove(self, items: Iterable[object]) -> None:
        """Delete the pairs with rows; those without a pair are passed over.

        Args:
            items: As for ``add()``, which has the same errors.
        """
        keys = self._read(items, "remove")
        if keys:
            await self._again(lambda: self._delete(keys))

    async def clear(self) -> None:
        """Delete all pairs of the instance."""
        await self._again(self._delete_all)

    async def set(
        self, items: Iterable[object], *, clear: bool = False, defaults: Mapping[str, object] | None = None
    ) -> None:
        """Leave the instance the pairs with these rows and no others.

        Args:
            items: As for ``add()``, which has the same errors.
            clear: Whether all pairs are deleted first; False writes the difference.
            defaults: As for ``add()``; pairs that stay keep their values.
        """
        keys = dict.fromkeys(self._read(items, "set"))
        self._check_defaults(defaults)
        await self.allow(deletes=True)

        async def work() -> None:
            async with atomic(self.alias):
                missing = list(keys)
                if clear:
                    await self._delete_all()
                else:
                    # A row of a model of one's own may lead nowhere, and is no pair.
                    known = dict.fromkeys(key for key in await self._known() if key is not None)
                    gone = [key for key in known if key not in keys]
                    missing = [key for key in keys if key not in known]
                    if gone:
                        await self._delete(gone)
                if missing:
                    await self._insert(missing, defaults)

        await self._again(work)

    async def allow(self, *, deletes: bool = False) -> None:
        """Ask whether pairs may be made; by what writes more than them, before it sends anything.

        Args:
            deletes: Whether some may go as well.

        Raises:
            PermissionError: They may not.
        """
        options: Options = self._through._meta
        await allow(options, "create")
        # Those of a model that was made for a field are one and the same question.
        if deletes and options.auto_created is None:
            await allow(options, "delete")

    async def _insert(self, keys: Sequence[object], defaults: Mapping[str, object] | None) -> None:
        pairs = self._pairs_of(keys)
        if self._is_unique():
            # The engine leaves out the pairs that are there, in the one statement.
            await self._store(pairs, defaults, ignores=True)
            return
        await self.allow()
        async with atomic(self.alias):
            await self._lock()
            known = set(await self._known_pairs(keys))
            missing = [pair for pair in pairs if pair not in known]
            if missing:
                await self._store(missing, defaults, ignores=False)

    async def _store(
        self, pairs: Iterable[tuple[object, object]], defaults: Mapping[str, object] | None, *, ignores: bool
    ) -> None:
        records = [self._make(pair, defaults) for pair in pairs]
        try:
            await bulk_create(self._through, records, using=self.alias, ignore_conflicts=ignores)
        except IntegrityError as error:
            if error.kind != "foreign key":
                raise
            raise IntegrityError(
                f"{self._relation.name}: a row that is to be linked, or this {self._record._meta.label} itself, is not "
                "in the database; nothing was linked",
                kind=error.kind,
                constraint=error.constraint,
                table=error.table,
                columns=error.columns,
            ) from error

    def _make(self, pair: tuple[object, object], defaults: Mapping[str, object] | None) -> AnyRecord:
        """Make the row of a pair; what is callable among the other values is called for each."""
        more = {name: value() if callable(value) else value for name, value in (defaults or {}).items()}
        return self._through(**more, **{self._source.attname: pair[0], self._target.attname: pair[1]})

    def _check_defaults(self, defaults: object) -> None:
        """Refuse what cannot be values of other fields, whether or not there is a pair to be made."""
        if defaults is None:
            return
        name = self._relation.name
        if not isinstance(defaults, Mapping) or not all(isinstance(one, str) for one in defaults):
            raise TypeError(f"{name}: through_defaults takes a dict of fields and values, not {shorten(defaults)}")
        for end in (self._source, self._target):
            for own in {end.name, end.attname} & defaults.keys():
                raise TypeError(f"{name} sets {own} itself; leave it out of through_defaults")
        options: Options = self._through._meta
        for key in {"pk", options.pk.name, options.pk.attname} & defaults.keys():
            # All but the first would be left out as the same row.
            if not callable(defaults[key]):
                raise TypeError(
                    f"{name}: through_defaults gives every link the same {key}; give a function that makes one"
                )

    async def _delete(self, keys: Sequence[object]) -> None:
        if len(keys) <= MOST_KEYS:
            # One statement is whole by itself.
            await self._delete_where(self._with(1), (self._key, tuple(keys)))
            return
        async with atomic(self.alias):
            for some in in_slices(keys):
                await self._delete_where(self._with(1), (self._key, some))

    async def _delete_all(self) -> None:
        own: Condition = Lookup(self._source.attname, 0)
        if self._relation.is_symmetrical:
            own = Or((own, Lookup(self._target.attname, 0)))
        await self._delete_where(own, (self._key,))

    async def _delete_where(self, condition: Condition, values: tuple[object, ...]) -> None:
        query = Query(self._through, where=(condition,), order=())
        await delete_rows(query, values, self.alias)

    async def _known(self) -> list[object]:
        """Read the keys of the rows that the instance has a pair with."""
        where = (Lookup(self._source.attname, 0),)
        query = Query(self._through, mode="flat", columns=(self._target.attname,), where=where, order=())
        return await read_unasked(query, (self._key,), self._database)

    async def _known_pairs(self, keys: Sequence[object]) -> list[tuple[object, object]]:
        columns = (self._source.attname, self._target.attname)
        query = Query(self._through, mode="tuples", columns=columns, where=(self._with(1),), order=())
        if self._database.dialect.features.row_locks:
            # The newest rows, and not those that were there when the transaction began.
            query = query._replace(lock="wait")
        found: list[tuple[object, object]] = []
        for some in in_slices(keys):
            found += await read_unasked(query, (self._key, some), self._database)
        return found

    def _with(self, place: int) -> Condition:
        """Describe the pairs with the rows of a list of keys, in both directions where each pair goes both ways."""
        source, target = self._source.attname, self._target.attname
        own: Condition = And((Lookup(source, 0), Lookup(f"{target}__in", Many(place))))
        if not self._relation.is_symmetrical:
            return own
        return Or((own, And((Lookup(target, 0), Lookup(f"{source}__in", Many(place))))))

    async def _lock(self) -> None:
        """Hold the row of the instance, so that others wait who add to it."""
        if self._database.dialect.features.row_locks:
            options: Options = self._record._meta
            query = Query(options.model, mode="flat", columns=("pk",), where=(Lookup("pk", 0),), order=(), lock="wait")
            await read_unasked(query, (self._key,), self._database)

    def _pairs_of(self, keys: Iterable[object]) -> list[tuple[object, object]]:
        pairs = [(self._key, key) for key in keys]
        if self._relation.is_symmetrical:
            # Who is linked with itself has one pair, not two.
            pairs += [(key, self._key) for key in keys if key != self._key]
        return pairs

    def _is_unique(self) -> bool:
        """Tell whether the engine keeps a second row of a pair away, and nothing else that could be in the way."""
        options: Options = self._through._meta
        # The key of a new pair is new as well, so it is in nobody's way.
        groups = {frozenset(group) for group in unique_groups(options)} - {frozenset((options.pk.attname,))}
        return groups == {frozenset((self._source.attname, self._target.attname))}

    def _read(self, items: Iterable[object], method: str) -> list[object]:
        """Give the keys of what a caller has given, each once.

        Raises:
            TypeError: An instance is of another model, or a query set was given.
            ValueError: An instance has no key, or is in another database; or None was given.
            FieldError: Something can be no key of the other model.
        """
        place = f"{self._relation.name}.{method}()"
        given = enumerate(take_items(items, place=place), start=1)
        return list(dict.fromkeys(self._read_one(one, f"{place}: item {number}", place) for number, one in given))

    def _read_one(self, item: object, place: str, method: str) -> object:
        model = self._relation.model
        options: Options = model._meta
        if item is None:
            raise ValueError(f"{place} is None, and no row has that key; give an instance of {options.label}, or a key")
        if hasattr(type(item), "_meta"):
            check_instance(item, model, self._database, place=place)
            key: object = item.pk  # type: ignore[attr-defined]  # every instance has it
            if key is None:
                raise ValueError(f"{place}: this {options.label} has no key yet; save it first")
            return key
        try:
            return self._target.coerce(item)
        except FieldValueError as error:
            raise FieldError(f"{place} is no key of {options.label}: {error}{star_of(item, place=method)}") from error

    async def _again(self, work: Callable[[], Awaitable[T]]) -> T:
        # Inside a transaction there is nothing to do again: the engine has undone all of it.
        for _ in range(_MOST_TRIES if current_scope(self.alias) is None else 0):
            # MariaDB ends one of two that write neighbouring pairs; then the other is done, and nothing to wait for.
            with suppress(SerializationError):
                return await work()
        return await work()

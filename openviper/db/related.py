"""What refers to an instance: ``author.books`` and, where it is one row, ``author.profile``."""

from collections.abc import AsyncIterator, Collection, Generator, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, Never, TypeVar

from openviper.db.constructor import refer_back, store_of
from openviper.db.exceptions import DoesNotExist, NotLoadedError
from openviper.db.manager import Manager, QuerySet
from openviper.db.query.reading import Answer
from openviper.db.registry import AnyModel, AnyRecord

__all__ = ["RelatedManager", "RelatedOne", "related_to"]

M = TypeVar("M")
T = TypeVar("T")


def related_to(record: AnyRecord, name: str) -> object:
    """Give what an instance has by the name of a relation backwards.

    That is a ``RelatedManager``; or through a one-to-one the instance that was prefetched, or else a ``RelatedOne``.

    Args:
        record: The instance.
        name: The name, a key of ``Options.reverse``.

    Raises:
        DoesNotExist: It was prefetched, and no row refers to the instance through the one-to-one; it is an
            AttributeError too.
    """
    model, relation = record._meta.reverse[name]
    if not relation.is_single:
        return RelatedManager(record, name, model, relation.name)
    store = store_of(name)
    known = vars(record)
    if store not in known:
        return RelatedOne(record, name, model, relation.name)
    if known[store] is None:
        raise _missing(record, model)
    return known[store]


class RelatedManager(Manager[M]):
    """The rows that refer to an instance: ``author.books``.

    It has the methods of the manager of their model, for these rows only. ``await author.books`` gives them as a list.
    Once they were read by ``prefetch_related("books")`` it can also be iterated, measured and indexed, and awaiting it
    or its ``all()`` asks nothing.

    Annotate it for type checkers, which cannot see a relation backwards: ``books: RelatedManager["Book"]``.

    Args:
        record: The instance.
        name: What its model calls those rows.
        model: Theirs.
        field: The field of theirs that refers.
    """

    def __init__(self, record: AnyRecord, name: str, model: AnyModel, field: str) -> None:
        # That of Manager prepares for years of queries; this one lives for a line.
        self._record = record
        self._name = name
        self._model = model
        self._field = field
        self._is_plain = False

    def __repr__(self) -> str:
        return f"<{self._name} of {self._record!r}>"

    def __await__(self) -> Generator[object, None, list[M]]:
        """Give the rows as a new list.

        Raises:
            ValueError: The instance has no key yet.
        """
        return self.all().__await__()

    def __aiter__(self) -> AsyncIterator[M]:
        """Read all rows at once, unless they were prefetched, and give one after the other."""
        return self.all().__aiter__()

    def __iter__(self) -> Iterator[M]:
        """Go through the rows that were prefetched.

        Raises:
            NotLoadedError: They were not.
        """
        return iter(self._loaded())

    def __len__(self) -> int:
        return len(self._loaded())

    def __getitem__(self, place: int) -> M:
        return self._loaded()[place]

    if not TYPE_CHECKING:  # checkers see what Manager has

        def __getattr__(self, name: str) -> object:
            """Give the methods of a query set of the model's own; only called for what a manager does not have."""
            if name.startswith("_"):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            if name == "delete":  # as of any manager, which says why
                return super().__getattr__(name)
            return getattr(self.get_queryset(), name)

    def get_queryset(self) -> QuerySet[M]:
        """Give the query set of these rows.

        Raises:
            ValueError: The instance has no key yet, so no row can refer to it.
        """
        record = self._record
        key = record.pk
        if key is None:
            raise ValueError(
                f"{type(record).__name__}.{self._name} needs the primary key of the instance, which has none; "
                "save it first"
            )
        rows: QuerySet[M] = self._model.objects.get_queryset().filter(
            **{self._model._meta.by_name[self._field].attname: key}
        )
        return rows if record._origin is None else rows.using(record._origin.alias)

    def all(self) -> QuerySet[M]:
        """Give all of these rows; those that were prefetched are not read again."""
        rows = self.get_queryset()
        # A query set forgets them with the first call that changes it.
        rows.known = self._prefetched()
        return rows

    def count(self) -> Answer[int]:
        """Count these rows; those that were prefetched are not asked for again."""
        return self.all().count()

    def contains(self, record: M) -> Answer[bool]:
        """Tell whether an instance is one of these rows; where they were prefetched nothing is asked."""
        return self.all().contains(record)

    def exists(self) -> Answer[bool]:
        """Tell whether there is such a row; where they were prefetched nothing is asked."""
        return self.all().exists()

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

    def update(self, **values: object) -> Answer[int]:
        """Set fields in all of these rows; see ``QuerySet.update()``.

        Raises:
            ValueError: The instance has no key yet.
        """
        return self._write(super().update(**values))

    def bulk_create(self, records: Iterable[M], **options: Any) -> Answer[list[M]]:
        """Let instances refer to this one, and store them; see ``QuerySet.bulk_create()``.

        Raises:
            ValueError: The instance has no key yet.
        """
        own = list(records)
        # Before anything is checked, so that a field that must not be null is not.
        for record in own:
            setattr(record, self._field, self._record)
        return self._write(super().bulk_create(own, **options))

    def bulk_update(
        self, records: Iterable[M], fields: Collection[str], *, batch_size: int | None = None
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
        return self._write(rows.bulk_update(own, fields, batch_size=batch_size))

    def raw(self, sql: str, /, **params: object) -> Never:
        """Refuse: a statement by hand would not be limited to these rows.

        Raises:
            TypeError: Always.
        """
        raise TypeError(
            f"{self._name}.raw() would not be limited to these rows; write {self._model.__name__}.objects.raw() with "
            "the condition in the statement"
        )

    def _own(self, values: dict[str, object]) -> dict[str, object]:
        """Add the field that refers."""
        for name in (self._field, self._model._meta.by_name[self._field].attname):
            if name in values:
                raise TypeError(f"{self._name} sets {name} itself; leave it out")
        return {**values, self._field: self._record}

    async def _write(self, writing: Answer[T]) -> T:
        """Write, and forget what was prefetched, which is not all there is any more."""
        try:
            return await writing
        finally:
            self._record.__dict__.pop(store_of(self._name), None)

    def _prefetched(self) -> list[M] | None:
        known: list[M] | None = vars(self._record).get(store_of(self._name))
        # Only now, as prefetching for rows that nobody looks at would pay for it.
        if known and getattr(known[0], store_of(self._field)) is None:
            refer_back(self._record, known, self._field)
        return known

    def _loaded(self) -> list[M]:
        known = self._prefetched()
        if known is None:
            raise NotLoadedError(
                self._record._meta.label,
                self._name,
                remedy=f"await it, or read it along by prefetch_related({self._name!r})",
            )
        return known


class RelatedOne(Generic[M]):
    """The one row that refers to an instance, before it is read: ``await author.profile`` gives its instance.

    Args:
        record: The instance.
        name: What its model calls that row.
        model: Of that row.
        field: The field of its model that refers.
    """

    __slots__ = ("_field", "_model", "_name", "_record")

    def __init__(self, record: AnyRecord, name: str, model: AnyModel, field: str) -> None:
        self._record = record
        self._name = name
        self._model = model
        self._field = field

    def __repr__(self) -> str:
        return f"<{self._name} of {self._record!r}, not read yet>"

    def __await__(self) -> Generator[object, None, M]:
        """Read the instance, which is then an attribute of the one that it refers to.

        Raises:
            DoesNotExist: There is none.
            ValueError: The instance that it would refer to has no key yet.
        """
        return self._read().__await__()

    def __getattr__(self, name: str) -> Never:
        # Protocols (copying, pickling, awaiting) are asked for by name, and a plain no is the answer.
        if name.startswith("__"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        raise NotLoadedError(
            self._record._meta.label,
            self._name,
            remedy=f"await it, or read it along by select_related({self._name!r}) or prefetch_related({self._name!r})",
        )

    async def _read(self) -> M:
        record = self._record
        manager: RelatedManager[M] = RelatedManager(record, self._name, self._model, self._field)
        found = await manager.get_queryset().first()
        if found is None:
            raise _missing(record, self._model)
        setattr(found, store_of(self._field), (record.pk, record))
        setattr(record, store_of(self._name), found)
        return found


def _missing(record: AnyRecord, model: AnyModel) -> Exception:
    return _missing_kind(model.DoesNotExist)(f"no {model._meta.label} refers to this {record._meta.label}")


@lru_cache(maxsize=1000)
def _missing_kind(kind: type[DoesNotExist]) -> type[DoesNotExist]:
    """Make the error of an attribute that is not there: ``hasattr()`` and ``getattr(..., None)`` know it as one."""
    names = {"__module__": kind.__module__, "__qualname__": kind.__qualname__, "__doc__": kind.__doc__}
    return type(kind.__name__, (kind, AttributeError), names)

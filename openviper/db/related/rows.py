"""What all managers of an instance have in common: its rows as a list, prefetched or not, and what is asked of it."""

from collections.abc import AsyncIterator, Generator, Iterator
from typing import TYPE_CHECKING, Never, TypeVar

from openviper.db.constructor import store_of
from openviper.db.exceptions import NotLoadedError
from openviper.db.manager import Manager, QuerySet
from openviper.db.query.reading import Answer, Touched
from openviper.db.registry import AnyModel, AnyRecord
from openviper.db.routers import stays_at

__all__ = ["RelatedRows"]

M = TypeVar("M")
T = TypeVar("T")


class RelatedRows(Manager[M]):
    """The rows that belong to an instance; what says which ones is up to the classes below.

    Args:
        record: The instance.
        name: What its model calls those rows.
        model: Theirs.
    """

    def __init__(self, record: AnyRecord, name: str, model: AnyModel) -> None:
        # That of Manager prepares for years of queries; this one lives for a line.
        self._record = record
        self._name = name
        self._model = model
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
            # Copying and pickling ask for such names before there is a record, and would ask for ever.
            if name.startswith("_"):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            if name == "delete":  # as of any manager, which says why
                return super().__getattr__(name)
            return getattr(self.get_queryset(), name)

    def get_queryset(self) -> QuerySet[M]:
        """Give the query set of these rows.

        Raises:
            ValueError: The instance has no key yet, so no row can belong to it.
        """
        rows = self._narrow(self._model.objects.get_queryset(), self._key())
        return rows if self._alias is None else rows.using(self._alias)

    def all(self) -> QuerySet[M]:
        """Give all of these rows; those that were prefetched are not read again.

        Those that were not are read for all instances that came along with this one, as ``fetch_mode()`` says.
        """
        rows = self.get_queryset()
        # A query set forgets both with the first call that changes it.
        rows.known = self._prefetched()
        rows.relation = Touched(self._record, self._name, self._model.objects.get_queryset())
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

    def update(self, **values: object) -> Answer[int]:
        """Set fields in all of these rows; see ``QuerySet.update()``.

        Raises:
            ValueError: The instance has no key yet.
        """
        return self._write(super().update(**values))

    def raw(self, sql: str, /, **params: object) -> Never:
        """Refuse: a statement by hand would not be limited to these rows.

        Raises:
            TypeError: Always.
        """
        raise TypeError(
            f"{self._name}.raw() would not be limited to these rows; write {self._model.__name__}.objects.raw() with "
            "the condition in the statement"
        )

    @property
    def _alias(self) -> str | None:
        """The database that the instance came from; None leaves it to the models, or to the routers."""
        return stays_at(self._record)

    def _narrow(self, rows: QuerySet[M], key: object) -> QuerySet[M]:
        """Give those rows of all that belong to the instance of a key."""
        raise NotImplementedError

    def _key(self) -> object:
        record = self._record
        key = record.pk
        if key is None:
            raise ValueError(
                f"{type(record).__name__}.{self._name} needs the primary key of the instance, which has none; "
                "save it first"
            )
        return key

    async def _write(self, writing: Answer[T]) -> T:
        """Write, and forget what was prefetched, which is not all there is any more."""
        try:
            return await writing
        finally:
            # After a failure too: what was sent before it may be stored.
            self._record.__dict__.pop(store_of(self._name), None)

    def _prefetched(self) -> list[M] | None:
        known: list[M] | None = vars(self._record).get(store_of(self._name))
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

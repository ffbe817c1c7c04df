"""Manager and QuerySet: where the queries of a model begin, ``Post.objects``, and what they are."""

from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping
from copy import copy
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Literal, Self, TypeVar, cast, overload

from openviper.db.fields.base import shorten
from openviper.db.peers import FetchMode
from openviper.db.query.aggregates import Aggregate
from openviper.db.query.description import PLAIN, And, Lookup, Query
from openviper.db.query.expressions import Expression, Q
from openviper.db.query.reading import Answer, Prefetch
from openviper.db.queryset.chain import Chain, M
from openviper.db.queryset.instances import InstanceRows
from openviper.db.queryset.late import work
from openviper.db.queryset.plain import DictQuerySet, FlatQuerySet, NamedQuerySet, TupleQuerySet
from openviper.db.registry import AnyModel

if TYPE_CHECKING:
    # Only what calls give is named by them; they load when something is asked.
    from openviper.db.pagination import Page
    from openviper.db.queryset.raw import ExplainOutput, RawRows

__all__ = ["Manager", "ManagerAttribute", "QuerySet"]

S = TypeVar("S", bound="QuerySet[Any]")

#: Sets of names for which ``get()`` keeps a description; code has few, names that a client chooses may be many.
_MOST_GETS: Final = 200


class Manager(Generic[M]):
    """Where the queries of a model begin.

    Every model has one as ``objects``. Its methods are those of a query set of all rows, ``get_queryset()``. One with
    methods of its own is made of a query set, ``objects = Manager.from_queryset(PostQuerySet)()``; one that means
    other rows overrides ``get_queryset()``. A model may have several, and inherits those of abstract models.
    """

    #: The class of its query sets; None stands for ``QuerySet``.
    queryset_class: "ClassVar[type[QuerySet[Any]] | None]" = None

    def __init__(self) -> None:
        self._all: QuerySet[M] | None = None
        # Descriptions of get() by the names of the lookups, with what is bound behind the values.
        self._gets: dict[tuple[str, ...], tuple[Query, tuple[object, ...]]] = {}
        self._is_plain = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {'no model' if self._all is None else self._all.query.model._meta.label}>"

    @property
    def model(self) -> type[M]:
        """The model whose rows these are.

        Raises:
            TypeError: The manager was not declared in the body of a model with a table.
        """
        return self.get_queryset().model

    def bind(self, model: AnyModel) -> Self:
        """Give the manager of a model; done by the class of models.

        Args:
            model: Whose rows it begins with.
        """
        bound = copy(self)
        bound._attach(model)  # noqa: SLF001 - the same class
        return bound

    def get_queryset(self) -> "QuerySet[M]":
        """Give the query set that everything begins with; override it for a manager of certain rows.

        Raises:
            TypeError: The manager was not declared in the body of a model with a table.
        """
        if self._all is None:
            raise TypeError("this manager belongs to no model; declare it in the body of one that is not abstract")
        return self._all

    @classmethod
    def from_queryset(cls, queryset: type[S]) -> Callable[[], S]:
        """Make a class of managers that have the methods of a query set.

        Args:
            queryset: A class that extends ``QuerySet``.

        Returns:
            A class that extends this one. For a type checker its instances are query sets, whose methods they have.

        Raises:
            TypeError: It is no such class.
        """
        given: object = queryset
        if not isinstance(given, type) or not issubclass(given, QuerySet):
            raise TypeError(f"from_queryset takes a class that extends QuerySet, not {shorten(given)}")
        own = {
            name: _delegate(name, value)
            for kind in reversed(queryset.__mro__[: queryset.__mro__.index(QuerySet)])
            for name, value in vars(kind).items()
            if callable(value) and not name.startswith("_") and not hasattr(cls, name)
        }
        made = type(
            f"{queryset.__name__}Manager", (cls,), {**own, "queryset_class": queryset, "__doc__": queryset.__doc__}
        )
        return cast("Callable[[], S]", made)

    def all(self) -> "QuerySet[M]":
        """Give all rows; see ``QuerySet.all()``."""
        return self.get_queryset().all()

    def none(self) -> "QuerySet[M]":
        """Give no rows; see ``QuerySet.none()``."""
        return self.get_queryset().none()

    def filter(self, *conditions: Q | Expression, **lookups: object) -> "QuerySet[M]":
        """Give the rows for which all of this holds; see ``QuerySet.filter()``."""
        return self.get_queryset().filter(*conditions, **lookups)

    def exclude(self, *conditions: Q | Expression, **lookups: object) -> "QuerySet[M]":
        """Give the other rows; see ``QuerySet.exclude()``."""
        return self.get_queryset().exclude(*conditions, **lookups)

    def order_by(self, *keys: object) -> "QuerySet[M]":
        """Give the rows in an order; see ``QuerySet.order_by()``."""
        return self.get_queryset().order_by(*keys)

    def reverse(self) -> "QuerySet[M]":
        """Give the rows in the opposite order; see ``QuerySet.reverse()``."""
        return self.get_queryset().reverse()

    def limit(self, rows: int | None) -> "QuerySet[M]":
        """Give at most so many rows; see ``QuerySet.limit()``."""
        return self.get_queryset().limit(rows)

    def offset(self, rows: int | None) -> "QuerySet[M]":
        """Pass over so many rows; see ``QuerySet.offset()``."""
        return self.get_queryset().offset(rows)

    def distinct(self) -> "QuerySet[M]":
        """Leave out equal rows; see ``QuerySet.distinct()``."""
        return self.get_queryset().distinct()

    def only(self, *names: str) -> "QuerySet[M]":
        """Read these fields only; see ``QuerySet.only()``."""
        return self.get_queryset().only(*names)

    def defer(self, *names: str) -> "QuerySet[M]":
        """Leave these fields out; see ``QuerySet.defer()``."""
        return self.get_queryset().defer(*names)

    def annotate(self, **expressions: object) -> "QuerySet[M]":
        """Add what is computed to every row; see ``QuerySet.annotate()``."""
        return self.get_queryset().annotate(**expressions)

    def alias(self, **expressions: object) -> "QuerySet[M]":
        """Name what is computed without adding it to the rows; see ``QuerySet.alias()``."""
        return self.get_queryset().alias(**expressions)

    def select_related(self, *names: str | None) -> "QuerySet[M]":
        """Read what rows refer to along with them; see ``QuerySet.select_related()``."""
        return self.get_queryset().select_related(*names)

    def prefetch_related(self, *names: str | Prefetch | None) -> "QuerySet[M]":
        """Read what rows are related to as well; see ``QuerySet.prefetch_related()``."""
        return self.get_queryset().prefetch_related(*names)

    def fetch_mode(self, mode: FetchMode | None) -> "QuerySet[M]":
        """Say how instances read what was not read with them; see ``QuerySet.fetch_mode()``."""
        return self.get_queryset().fetch_mode(mode)

    def using(self, alias: str | None) -> "QuerySet[M]":
        """Ask another database; see ``QuerySet.using()``."""
        return self.get_queryset().using(alias)

    def union(self, *others: Chain[Any, Any], all: bool = False) -> "QuerySet[M]":  # noqa: A002 - the name that users know
        """Give the rows of all of these query sets; see ``QuerySet.union()``."""
        return self.get_queryset().union(*others, all=all)

    def intersection(self, *others: Chain[Any, Any]) -> "QuerySet[M]":
        """Give the rows that are in each of these query sets; see ``QuerySet.intersection()``."""
        return self.get_queryset().intersection(*others)

    def difference(self, *others: Chain[Any, Any]) -> "QuerySet[M]":
        """Give the rows that are in none of these query sets; see ``QuerySet.difference()``."""
        return self.get_queryset().difference(*others)

    def dates(
        self, field_name: str, kind: Literal["year", "month", "week", "day"], order: Literal["ASC", "DESC"] = "ASC"
    ) -> FlatQuerySet[M]:
        """Give the days that rows have; see ``QuerySet.dates()``."""
        return self.get_queryset().dates(field_name, kind, order)

    def select_for_update(
        self, *, nowait: bool = False, skip_locked: bool = False, of: Iterable[str] = ("self",)
    ) -> "QuerySet[M]":
        """Lock the rows that are read; see ``QuerySet.select_for_update()``."""
        return self.get_queryset().select_for_update(nowait=nowait, skip_locked=skip_locked, of=of)

    def values(self, *names: str, **expressions: Expression) -> DictQuerySet[M]:
        """Give dicts; see ``QuerySet.values()``."""
        return self.get_queryset().values(*names, **expressions)

    @overload
    def values_list(
        self, *names: str, flat: Literal[False] = ..., named: Literal[False] = ..., **expressions: Expression
    ) -> TupleQuerySet[M]: ...
    @overload
    def values_list(
        self, *names: str, flat: Literal[True], named: Literal[False] = ..., **expressions: Expression
    ) -> FlatQuerySet[M]: ...
    @overload
    def values_list(
        self, *names: str, flat: Literal[False] = ..., named: Literal[True], **expressions: Expression
    ) -> NamedQuerySet[M]: ...
    def values_list(
        self, *names: str, flat: bool = False, named: bool = False, **expressions: Any
    ) -> TupleQuerySet[M] | FlatQuerySet[M] | NamedQuerySet[M]:
        """Give tuples, named ones, or single values; see ``QuerySet.values_list()``."""
        rows: Any = self.get_queryset()  # overloads take no bool that is not known yet
        found: TupleQuerySet[M] | FlatQuerySet[M] = rows.values_list(*names, flat=flat, named=named, **expressions)
        return found

    def get(self, *conditions: Q | Expression, **lookups: object) -> Answer[M]:
        """Read the one row for which all of this holds; see ``QuerySet.get()``.

        Raises:
            DoesNotExist: There is none; it is ``Model.DoesNotExist`` of the model.
            MultipleObjectsReturned: There are more; it is that of the model.
        """
        values = tuple(lookups.values())
        if conditions or not self._is_plain:
            return self.get_queryset().get(*conditions, **lookups)
        for value in values:
            if type(value) not in PLAIN:
                return self.get_queryset().get(**lookups)
        query, more = self._gets.get(names := tuple(lookups)) or self._describe_get(names)
        return work.read_exactly(query, values + more)

    def get_or_none(self, *conditions: Q | Expression, **lookups: object) -> Answer[M | None]:
        """Read the one row for which all of this holds, or None; see ``QuerySet.get_or_none()``."""
        return self.get_queryset().get_or_none(*conditions, **lookups)

    def first(self) -> Answer[M | None]:
        """Read the first row, or None; see ``QuerySet.first()``."""
        return self.get_queryset().first()

    def last(self) -> Answer[M | None]:
        """Read the last row, or None; see ``QuerySet.last()``."""
        return self.get_queryset().last()

    def earliest(self, *names: str) -> Answer[M]:
        """Read the first row by these fields; see ``QuerySet.earliest()``."""
        return self.get_queryset().earliest(*names)

    def latest(self, *names: str) -> Answer[M]:
        """Read the last row by these fields; see ``QuerySet.latest()``."""
        return self.get_queryset().latest(*names)

    def contains(self, record: M) -> Answer[bool]:
        """Tell whether an instance is one of the rows; see ``QuerySet.contains()``."""
        return self.get_queryset().contains(record)

    def count(self) -> Answer[int]:
        """Count the rows; see ``QuerySet.count()``."""
        return self.get_queryset().count()

    def exists(self) -> Answer[bool]:
        """Tell whether there is a row; see ``QuerySet.exists()``."""
        return self.get_queryset().exists()

    def aggregate(self, *aggregates: Aggregate, **expressions: Expression) -> Answer[dict[str, Any]]:
        """Compute values of all rows together; see ``QuerySet.aggregate()``."""
        return self.get_queryset().aggregate(*aggregates, **expressions)

    def in_bulk(self, keys: Iterable[object] | None = None, *, field_name: str = "pk") -> Answer[dict[Any, M]]:
        """Read rows by their keys; see ``QuerySet.in_bulk()``."""
        return self.get_queryset().in_bulk(keys, field_name=field_name)

    def iterator(self, chunk_size: int = 2000) -> AsyncGenerator[M, None]:
        """Give the rows one after the other; see ``QuerySet.iterator()``."""
        return self.get_queryset().iterator(chunk_size)

    def batch(self, size: int = 100) -> AsyncGenerator[list[M], None]:
        """Give the rows in lists, by offset; see ``QuerySet.batch()``."""
        return self.get_queryset().batch(size)

    def id_batch(self, size: int = 100) -> AsyncGenerator[list[M], None]:
        """Give the rows in lists, by primary key; see ``QuerySet.id_batch()``."""
        return self.get_queryset().id_batch(size)

    def paginate(self, page_number: int = 1, page_size: int = 25, cursor: str | None = None) -> "Answer[Page[M]]":
        """Read a page; see ``QuerySet.paginate()``."""
        return self.get_queryset().paginate(page_number, page_size, cursor)

    def raw(self, sql: str, /, **params: object) -> "RawRows[M]":
        """Give the rows of a statement that is written by hand.

        Args:
            sql: The statement; ``:name`` stands for a value on every engine, and a list for ``(..., ...)``.
            params: The values by their names. They are sent beside the text and never become part of it.

        Raises:
            FieldError: The statement is no text.
        """
        rows = self.get_queryset()
        return work.raw(rows.model, sql, params, rows.db_alias)

    def raw_sql(self) -> str:
        """Give the SQL text of the query for all rows; see ``QuerySet.raw_sql()``."""
        return self.get_queryset().raw_sql()

    def explain(self, *, analyze: bool = False, verbose: bool = False, output: "ExplainOutput" = "text") -> Answer[str]:
        """Ask the database how it would read all rows; see ``QuerySet.explain()``."""
        return self.get_queryset().explain(analyze=analyze, verbose=verbose, output=output)

    def create(self, **values: object) -> Answer[M]:
        """Make an instance and store it; see ``QuerySet.create()``."""
        return self.get_queryset().create(**values)

    def get_or_create(self, defaults: Mapping[str, object] | None = None, **lookups: object) -> Answer[tuple[M, bool]]:
        """Give the row that is looked for, made if there is none; see ``QuerySet.get_or_create()``."""
        return self.get_queryset().get_or_create(defaults, **lookups)

    def update_or_create(
        self,
        defaults: Mapping[str, object] | None = None,
        create_defaults: Mapping[str, object] | None = None,
        **lookups: object,
    ) -> Answer[tuple[M, bool]]:
        """Give the row that is looked for with other values; see ``QuerySet.update_or_create()``."""
        return self.get_queryset().update_or_create(defaults, create_defaults, **lookups)

    def bulk_create(
        self,
        records: Iterable[M],
        *,
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        unique_fields: Collection[str] | None = None,
        update_fields: Collection[str] | None = None,
        ignore_permissions: bool = False,
    ) -> Answer[list[M]]:
        """Store instances as new rows; see ``QuerySet.bulk_create()``."""
        return self.get_queryset().bulk_create(
            records,
            batch_size=batch_size,
            ignore_conflicts=ignore_conflicts,
            update_conflicts=update_conflicts,
            unique_fields=unique_fields,
            update_fields=update_fields,
            ignore_permissions=ignore_permissions,
        )

    def bulk_update(
        self,
        records: Iterable[M],
        fields: Collection[str],
        *,
        batch_size: int | None = None,
        ignore_permissions: bool = False,
    ) -> Answer[int]:
        """Write fields of instances to their rows; see ``QuerySet.bulk_update()``."""
        return self.get_queryset().bulk_update(
            records, fields, batch_size=batch_size, ignore_permissions=ignore_permissions
        )

    def update(self, **values: object) -> Answer[int]:
        """Set fields in all rows; see ``QuerySet.update()``. To delete all of them say ``all().delete()``."""
        return self.get_queryset().update(**values)

    if not TYPE_CHECKING:  # checkers know what is there

        def __getattr__(self, name: str) -> object:
            """Explain why deleting everything takes a word more; only called for what a manager does not have."""
            hint = "; to delete all rows write all().delete()" if name == "delete" else ""
            message = f"{type(self).__name__!r} object has no attribute {name!r}{hint}"
            raise AttributeError(message, name=name, obj=self)

    def _attach(self, model: AnyModel) -> None:
        kind = self.queryset_class or QuerySet
        self._all = kind(Query(model))
        self._gets = {}
        # What somebody has overridden is not passed by.
        self._is_plain = (
            type(self).get_queryset is Manager.get_queryset
            and kind.get is QuerySet.get
            and kind.filter is QuerySet.filter
        )

    def _describe_get(self, names: tuple[str, ...]) -> tuple[Query, tuple[object, ...]]:
        """Describe the query of ``get()`` for lookups of these names, and say what is bound behind their values."""
        rows = self.get_queryset()
        lookups = tuple(Lookup(name, place) for place, name in enumerate(names))
        where = lookups if len(lookups) <= 1 else (And(lookups),)
        query = Query(rows.query.model, where=where, order=())
        fields = rows.query.model._meta.by_name
        # Where a value leads to one row at most, the engine need not be asked for two.
        is_unique = any(name in fields and (fields[name].unique or fields[name].primary_key) for name in names)
        if len(self._gets) >= _MOST_GETS:
            self._gets.clear()
        made = (query, ()) if is_unique else (query._replace(limit=len(names)), (2,))
        self._gets[names] = made
        return made


if TYPE_CHECKING:
    # To checkers the manager that from_queryset() makes is the query set whose methods it has, and yet has to pass
    # for the manager that every model has.
    _Entrance = Manager
else:
    _Entrance = Generic


class QuerySet(InstanceRows[M], _Entrance[M]):
    """Rows of a model as instances; nothing is read before it is awaited.

    Models make them (``Post.objects.filter(...)``), and one with methods of its own is made a manager by
    ``Manager.from_queryset()``.
    """

    __slots__ = ()


class ManagerAttribute:
    """What ``objects`` is to type checkers: for each model a manager of its own kind."""

    def __get__(self, record: object, model: type[M]) -> Manager[M]:
        return Manager[M]().bind(model)


def _delegate(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    """Make the method of a manager that calls one of its query set."""

    @wraps(method)
    def call(manager: Manager[Any], *args: object, **options: object) -> Any:
        return getattr(manager.get_queryset(), name)(*args, **options)

    return call

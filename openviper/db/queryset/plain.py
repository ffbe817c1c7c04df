"""Query sets whose rows become plain Python objects instead of instances."""

from typing import Any, Literal, Self, TypeVar, overload

from openviper.db.exceptions import FieldError
from openviper.db.query import description as d
from openviper.db.query.expressions import Expression
from openviper.db.query.functions import FirstDay
from openviper.db.queryset.chain import Chain, M, R
from openviper.db.queryset.late import uniting
from openviper.db.queryset.read import Rows

__all__ = ["DictQuerySet", "FlatQuerySet", "NamedQuerySet", "PlainRows", "TupleQuerySet", "check_names"]

C = TypeVar("C", bound=Chain[Any, Any])


class PlainRows(Rows[M, R]):
    """Rows that can be had as plain objects as well."""

    __slots__ = ()

    def values(self, *names: str, **expressions: Expression) -> "DictQuerySet[M]":
        """Give dicts in place of instances.

        Args:
            names: Of fields, through relations as ``author__name``, and of annotations; none stands for all.
            expressions: What is computed besides, by name.

        Raises:
            FieldError: An expression is none, or its name is taken.
            TypeError: A name is no text.
        """
        return self._as(DictQuerySet, "dicts", check_names("values", names), expressions)

    @overload
    def values_list(
        self, *names: str, flat: Literal[False] = ..., named: Literal[False] = ..., **expressions: Expression
    ) -> "TupleQuerySet[M]": ...
    @overload
    def values_list(
        self, *names: str, flat: Literal[True], named: Literal[False] = ..., **expressions: Expression
    ) -> "FlatQuerySet[M]": ...
    @overload
    def values_list(
        self, *names: str, flat: Literal[False] = ..., named: Literal[True], **expressions: Expression
    ) -> "NamedQuerySet[M]": ...
    def values_list(
        self, *names: str, flat: bool = False, named: bool = False, **expressions: Expression
    ) -> "TupleQuerySet[M] | FlatQuerySet[M] | NamedQuerySet[M]":
        """Give tuples in place of instances, or single values.

        Args:
            names: Of fields, through relations as ``author__name``, and of annotations; none stands for all.
            flat: Whether the one field that is named is given by itself.
            named: Whether the tuples have attributes of the names.
            expressions: What is computed besides, by name.

        Raises:
            FieldError: ``flat`` is asked for with another number of fields or with ``named``; an expression is none, or
                its name is taken.
            TypeError: A name is no text.
        """
        columns = check_names("values_list", names)
        if flat and named:
            raise FieldError("values_list() gives single values or named tuples; give one of flat and named")
        if named:
            return self._as(NamedQuerySet, "named", columns, expressions)
        if not flat:
            return self._as(TupleQuerySet, "tuples", columns, expressions)
        if len(names) + len(expressions) != 1:
            raise FieldError(f"values_list(flat=True) takes one field, not {len(names) + len(expressions)}")
        return self._as(FlatQuerySet, "flat", columns, expressions)

    def union(self, *others: Chain[Any, Any], all: bool = False) -> Self:  # noqa: A002 - the name that users know
        """Give the rows of all of these query sets; equal rows are one.

        What can follow is an order by their columns, a part of them, ``values()`` and whatever reads them; conditions
        belong into the query sets before.

        Args:
            others: Query sets of instances of the same model, or of plain rows with as many columns.
            all: Whether equal rows all stay.

        Raises:
            FieldError: One of them locks its rows, is in another database, or has rows of another kind.
            TypeError: One of them is no query set.
        """
        return self._unite("union all" if all else "union", others)

    def intersection(self, *others: Chain[Any, Any]) -> Self:
        """Give the rows that are in each of these query sets; see ``union()``.

        Args:
            others: Query sets of instances of the same model, or of plain rows with as many columns.

        Raises:
            FieldError: One of them locks its rows, is in another database, or has rows of another kind.
            TypeError: One of them is no query set.
        """
        return self._unite("intersect", others)

    def difference(self, *others: Chain[Any, Any]) -> Self:
        """Give the rows of this query set that are in none of the others; see ``union()``.

        Args:
            others: Query sets of instances of the same model, or of plain rows with as many columns.

        Raises:
            FieldError: One of them locks its rows, is in another database, or has rows of another kind.
            TypeError: One of them is no query set.
        """
        return self._unite("except", others)

    def dates(
        self, field_name: str, kind: Literal["year", "month", "week", "day"], order: Literal["ASC", "DESC"] = "ASC"
    ) -> "FlatQuerySet[M]":
        """Give the days that rows have, each once, or the first days of their years, months or weeks.

        Args:
            field_name: Of a day or a moment, through relations too; rows without a value are left out.
            kind: Weeks begin on Monday; of a moment it is the day where ``TIME_ZONE`` says.
            order: Whether the latest come first.

        Raises:
            FieldError: There is no such kind or order; when it is awaited: the field has no days.
            TypeError: The query set is a slice.
        """
        if order not in ("ASC", "DESC"):
            raise FieldError(f"order is 'ASC' or 'DESC', not {order!r:.40}")
        days = FirstDay(field_name, kind)
        rows = self.filter(**{f"{field_name}__isnull": False}).values_list(datefield=days, flat=True)
        return rows.distinct().order_by("datefield" if order == "ASC" else "-datefield")

    def _unite(self, operator: "uniting.Operator", others: tuple[Chain[Any, Any], ...]) -> Self:
        for one in others:
            if not isinstance(one, Chain):
                raise TypeError(f"query sets are combined with query sets, not with {type(one).__name__}; write .all()")
        if not others:
            return self
        twin = self.with_query(*uniting.unite_rows(operator, self, others))
        twin.db_alias = uniting.home_of(uniting.SHOWN[operator], self, others)
        # Nothing is sent where no row can come of it; a part of nothing among others is compiled as any other.
        nones = [self.is_none, *(one.is_none for one in others)]
        twin.is_none = {"except": nones[0], "intersect": True in nones}.get(operator, False not in nones)
        return twin

    def _as(self, kind: type[C], mode: d.Mode, columns: tuple[str, ...], expressions: dict[str, Expression]) -> C:
        """Give a query set of another kind; what concerns instances is dropped, a prefetch is refused later."""
        rows = self._annotate(expressions) if expressions else self
        names = (*columns, *expressions) or None
        if rows.query.combined is not None:
            query = uniting.narrow(rows.query, mode, names)
            return kind(query, rows.params, rows.db_alias, prefetches=rows.prefetches, is_none=rows.is_none)
        query = rows.query._replace(mode=mode, columns=names, deferred=(), related=())
        return kind(query, rows.params, rows.db_alias, prefetches=rows.prefetches, is_none=rows.is_none)


class DictQuerySet(PlainRows[M, dict[str, Any]]):
    """Rows as dicts, of ``values()``."""

    __slots__ = ()


class TupleQuerySet(PlainRows[M, tuple[Any, ...]]):
    """Rows as tuples, of ``values_list()``."""

    __slots__ = ()


class NamedQuerySet(PlainRows[M, Any]):
    """Rows as named tuples, of ``values_list(named=True)``."""

    __slots__ = ()


class FlatQuerySet(PlainRows[M, Any]):
    """One value of each row, of ``values_list(flat=True)``."""

    __slots__ = ()


def check_names(method: str, names: tuple[object, ...]) -> tuple[str, ...]:
    """Refuse what is no text among the names that a method was given.

    Raises:
        TypeError: The message names the method.
    """
    found: list[str] = []
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"{method} takes names of fields, not {type(name).__name__}")
        found.append(name)
    return tuple(found)

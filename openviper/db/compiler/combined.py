"""Rows of several queries put together: ``UNION``, ``INTERSECT`` and ``EXCEPT``.

The queries stand in a FROM, as a table whose columns are called ``_c0``, ``_c1`` and so on: so each may have an order
and a limit of its own on engines that take none there, and what is said of all rows is written as for any table.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from openviper.db.compiler.clauses import first_only, paged
from openviper.db.compiler.derived import Closed, Derived
from openviper.db.compiler.grouping import Selection
from openviper.db.compiler.hydration import Cell, RecordShape, read_constant, read_flat
from openviper.db.compiler.ordering import sort_key, sorted_by
from openviper.db.compiler.plan import Maker
from openviper.db.compiler.projection import Columns
from openviper.db.compiler.terms import Element, Typed
from openviper.db.compiler.union import common_storage, unite
from openviper.db.constructor import store_of
from openviper.db.exceptions import FieldError
from openviper.db.query.description import Combination, Part, Query
from openviper.db.query.uniting import SHOWN

if TYPE_CHECKING:
    from sqlalchemy import FromClause, Select

    Statement: TypeAlias = Select[Any]

__all__ = ["Outline", "Written", "select_combined"]

#: What rows become: an instance, or cells of something plain.
Outline: TypeAlias = RecordShape | tuple[Cell, ...]
_STORE: Final = store_of("")


class Written(NamedTuple):
    """A query for rows.

    Args:
        statement: Its SELECT.
        columns: What it selects.
        outline: What its rows become.
        maker: Makes the reader of them.
    """

    statement: "Statement"
    columns: Columns
    outline: Outline
    maker: Maker


class Combined(NamedTuple):
    """A query of combined rows.

    Args:
        statement: Its SELECT.
        maker: Makes the reader of its rows.
        column: Its one column, where there is one.
        scope: In which its columns can be named.
        outline: What its rows become.
        typed: Its columns.
    """

    statement: "Statement"
    maker: Maker
    column: Typed | None
    scope: Derived
    outline: Outline
    typed: tuple[Typed, ...]


#: Writes a query of one model, and makes a reader.
Writer: TypeAlias = Callable[[Query, Selection], Written]
Making: TypeAlias = Callable[[Query, Outline, int], Maker]


def select_combined(query: Query, scope: Selection, write: Writer, making: Making) -> Combined:
    """Write a query of combined rows.

    Args:
        query: The description.
        scope: Its statement; nothing is read in it.
        write: Writes one of the parts.
        making: Makes the reader of rows.

    Raises:
        FieldError: The parts have columns that are no pairs, or there is no column of a name.
    """
    from sqlalchemy import func, literal_column, select  # loaded by the first query

    if query.combined is None or query.where or query.annotations or query.distinct or query.grouped is not None:
        raise FieldError("combined rows have an order and a limit; all else belongs into the queries that they are of")
    source, typed, outline = _put_together(query.combined, scope, write, making)
    rows = Derived(query.model, scope.dialect, scope.parameters, hooks=scope.hooks, first=scope.first)
    rows.source, rows.what = source, "combined rows"
    places = _both_names(dict(_names_of(outline)), query)
    for name, place in places.items():
        rows.annotations[name] = typed[place]._replace(name=name)
    if query.mode in {"count", "exists"}:
        one: Element = literal_column("1")
        inner = source
        if query.limit is not None or query.offset is not None:
            inner = paged(select(one.label("_one")).select_from(source), query, rows).subquery()
        if query.mode == "count":
            counted: Statement = select(func.count()).select_from(inner)
            return Combined(counted, read_flat(Cell(0, "count"), 1), None, rows, outline, typed)
        found: Statement = select(one).select_from(inner)
        # Within EXISTS the first row is the last one anyway.
        found = first_only(found, rows) if scope.outer is None else found
        return Combined(found, read_constant(True), None, rows, outline, typed)
    outline, typed = _chosen(query, outline, typed, places)
    order = sorted_by([(one, sort_key(one, rows)) for one in query.order or ()], rows)
    statement: Statement = select(*(one.element for one in typed)).select_from(source).order_by(*order)
    column = typed[0] if len(typed) == 1 else None
    maker = making(query, outline, len(typed))
    return Combined(paged(statement, query, rows), maker, column, rows, outline, typed)


def _both_names(places: dict[str, int], query: Query) -> dict[str, int]:
    """Let a key be called by its name and ``pk``, whichever of the two it was asked for by."""
    own: str = query.model._meta.pk.name
    for name, other in (("pk", own), (own, "pk")):
        if name in places:
            places.setdefault(other, places[name])
    return places


def _chosen(
    query: Query, outline: Outline, typed: tuple[Typed, ...], places: Mapping[str, int]
) -> tuple[Outline, tuple[Typed, ...]]:
    """Give what rows become, and their columns, where only some are wanted."""
    if query.mode == "rows":
        return outline, typed
    names = query.columns
    if names is None:
        if isinstance(outline, RecordShape):
            outline = (*outline.cells, *outline.extra)
        return outline, typed
    for name in names:
        if name not in places:
            raise FieldError(f"combined rows have no {name!r}; they have {', '.join(places)}")
    chosen = tuple(typed[places[name]] for name in names)
    return tuple(_cell(place, name, one) for place, (name, one) in enumerate(zip(names, chosen, strict=True))), chosen


def _put_together(
    combination: Combination, scope: Selection, write: Writer, making: Making
) -> "tuple[FromClause, tuple[Typed, ...], Outline]":
    """Write the parts as one table; its columns are named by those of the first part."""
    from sqlalchemy import except_, intersect, select, union, union_all  # loaded by the first query

    operator = combination.operator
    tables = [_write_part(part, scope, write, making) for part in combination.parts]
    outline = tables[0][1]
    _check_alike(operator, [one[1] for one in tables])
    # Backwards, so that the first name of a column stays: its own, and not "pk".
    names = {place: name for name, place in reversed(list(_names_of(outline)))}
    columns = [
        _united(operator, names.get(place, str(place)), column, scope)
        for place, column in enumerate(zip(*(one[2] for one in tables), strict=True))
    ]
    selects: list[Any] = []
    for number, (statement, _, _) in enumerate(tables):
        elements = [column[number].element.label(f"_c{place}") for place, column in enumerate(columns)]
        selects.append(statement.with_only_columns(*elements))
    words = {"union": union, "union all": union_all, "intersect": intersect, "except": except_}
    # One alone is what is left of a combination with nothing.
    source = words[operator](*selects).subquery() if len(selects) > 1 else select(selects[0].subquery()).subquery()
    typed = tuple(
        Typed(source.c[f"_c{place}"], column[0].storage, column[0].form) for place, column in enumerate(columns)
    )
    return source, typed, _reread(outline, typed)


def _write_part(
    part: Part, scope: Selection, write: Writer, making: Making
) -> "tuple[Statement, Outline, tuple[Typed, ...]]":
    """Write one of the queries, with a table of its own where it has an order that matters."""
    from sqlalchemy import select  # loaded by the first query

    query = part.query
    inner = Closed(query.model, scope.dialect, scope.parameters, hooks=scope.hooks, first=scope.first + part.first)
    is_cut = query.limit is not None or query.offset is not None
    if query.combined is not None:
        made = select_combined(query if is_cut else query._replace(order=()), inner, write, making)
        statement, outline, typed = made.statement, made.outline, made.typed
        elements: Sequence[Element] = [one.element for one in typed]
    else:
        written = write(query if is_cut else query._replace(order=()), inner)
        statement, outline, typed = written.statement, written.outline, tuple(written.columns.typed)
        elements = written.columns.elements
        if not is_cut:
            return statement.correlate(None), outline, typed
    # As a table of its own: SQLite takes no order and no limit between the parts.
    labels = [getattr(one, "element", one) if _is_label(one) else one for one in elements]
    named = statement.with_only_columns(*(one.label(f"_c{place}") for place, one in enumerate(labels)))
    table = named.correlate(None).subquery()
    moved = tuple(one._replace(element=table.c[f"_c{place}"], field=None) for place, one in enumerate(typed))
    return select(*(one.element for one in moved)).select_from(table), outline, moved


def _is_label(element: Element) -> bool:
    from sqlalchemy import Label  # loaded by the first query

    return isinstance(element, Label)


def _check_alike(operator: str, outlines: Sequence[Outline]) -> None:
    """Refuse parts whose columns do not pair.

    Raises:
        FieldError: The message shows both.
    """
    first = outlines[0]
    for other in outlines[1:]:
        if isinstance(first, RecordShape) != isinstance(other, RecordShape):
            raise FieldError(f"{SHOWN[operator]} takes instances, or plain rows; not both")
        names, others = ([name for name, _ in _cells_of(one)] for one in (first, other))
        if len(names) != len(others) or (isinstance(first, RecordShape) and names != others):
            raise FieldError(
                f"{SHOWN[operator]} takes rows of the same columns; here are {', '.join(names)} ({len(names)}) "
                f"and {', '.join(others)} ({len(others)}); name them with values_list() or only() on both sides"
            )


def _united(operator: str, name: str, column: Sequence[Typed], scope: Selection) -> list[Typed]:
    """Give the columns of one place in one form."""
    if operator != "union all" and not all(one.form.is_comparable for one in column):
        raise FieldError(
            f"{SHOWN[operator]} has to compare {name!r}, which {scope.dialect.name} cannot; "
            "leave it out with only() or defer(), or say union(..., all=True)"
        )
    null = any(one.storage.null for one in column)
    # Columns that are read alike already, as those of one field are, are left as they are.
    if len({(replace(one.storage, null=True), one.form.scale, _reading(one)) for one in column}) == 1:
        return [one._replace(storage=replace(one.storage, null=null)) for one in column]
    try:
        storage = common_storage(column)
        return [unite(one, storage, scope) for one in column]
    except FieldError as error:
        raise FieldError(f"{SHOWN[operator]}, column {name!r}: {error}") from error


def _reading(typed: Typed) -> str:
    """Give how values are read; a name means the same thing in every conversion."""
    return "" if typed.form.read is None else typed.form.read.template


def _cell(place: int, name: str, typed: Typed) -> Cell:
    # It is written into source, where a subclass of str could stand for anything.
    return Cell(place, str.__str__(name), typed.form.read, typed.storage.null or typed.form.is_nullable)


def _reread(outline: Outline, typed: Sequence[Typed]) -> Outline:
    """Give what rows become, read as the columns are that all parts agree on."""

    def again(cell: Cell) -> Cell:
        return _cell(cell.place, cell.name, typed[cell.place])

    if not isinstance(outline, RecordShape):
        return tuple(map(again, outline))
    # Fields are those of one model on all sides; what is computed may differ.
    return replace(outline, extra=tuple(map(again, outline.extra)))


def _cells_of(outline: Outline, prefix: str = "") -> Iterator[tuple[str, Cell]]:
    if not isinstance(outline, RecordShape):
        yield from ((cell.name, cell) for cell in outline)
        return
    yield from ((prefix + cell.name, cell) for cell in (*outline.cells, *outline.extra))
    for join in outline.joins:
        yield from _cells_of(join.shape, f"{prefix}{join.store.removeprefix(_STORE)}__")


def _names_of(outline: Outline) -> Iterator[tuple[str, int]]:
    """Give the names under which columns can be spoken of, with their places."""
    cells = list(_cells_of(outline))
    yield from ((name, cell.place) for name, cell in cells)
    if isinstance(outline, RecordShape):
        places = {cell.name: cell.place for cell in outline.cells}
        yield "pk", outline.key.place
        for field in outline.model._meta.relations:
            if field.attname in places and field.name not in places:
                yield field.name, places[field.attname]

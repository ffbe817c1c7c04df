"""What a SELECT gives back: its columns, and what its rows become."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from openviper.db.compiler.hydration import Cell, Join, RecordShape
from openviper.db.compiler.origin import Differ, known_fields
from openviper.db.compiler.scope import Scope
from openviper.db.compiler.terms import Element, Typed
from openviper.db.constructor import store_of
from openviper.db.dialects.forms import storage_of
from openviper.db.exceptions import FieldError
from openviper.db.fields.base import AnyField
from openviper.db.options import Options
from openviper.db.query.description import Query

if TYPE_CHECKING:
    from sqlalchemy import FromClause

__all__ = ["Columns", "column_names", "make_cells", "make_record"]

#: Stands in ``related`` for every reference of the model that always leads somewhere.
_ALL: Final = "*"


class Columns:
    """The columns of a SELECT, as they are added."""

    def __init__(self) -> None:
        self.elements: list[Element] = []
        #: What they are; hidden ones come behind these.
        self.typed: list[Typed] = []
        #: Annotations that are among them, under labels of ours; ORDER BY uses these.
        self.labels: dict[str, Element] = {}

    def add(self, found: Typed, name: str) -> Cell:
        """Add a column.

        Args:
            found: What it is.
            name: The attribute or key that its value gets.
        """
        self.elements.append(found.element)
        self.typed.append(found)
        # It is written into source, where a subclass of str could stand for anything.
        name = str.__str__(name)
        return Cell(len(self.elements) - 1, name, found.form.read, found.storage.null or found.form.is_nullable)

    def annotate(self, found: Typed, name: str) -> Cell:
        """Add an annotation, under a label that is not its name: a user chose that.

        Args:
            found: What it is.
            name: The attribute or key that its value gets.
        """
        cell = self.add(found, name)
        label = self.elements[cell.place] = found.element.label(f"_a{cell.place}")
        self.labels[name] = label
        return cell

    def has(self, element: Element) -> bool:
        """Tell whether something is among them."""
        return any(element is one for one in self.elements)

    def add_hidden(self, element: Element) -> None:
        """Add a column that nothing is made of."""
        if not self.has(element):
            self.elements.append(element)


def make_cells(query: Query, scope: Scope, columns: Columns) -> tuple[Cell, ...]:
    """Add the columns of dicts and tuples.

    Args:
        query: The description.
        scope: Its statement, with all annotations.
        columns: Where they are added.

    Raises:
        FieldError: A name stands for nothing.
    """
    return tuple(_add_named(name, scope, columns) for name in column_names(query))


def column_names(query: Query) -> tuple[str, ...]:
    """Give the names of the columns of dicts and tuples, all where the query names none."""
    if query.columns is not None:
        return query.columns
    options: Options = query.model._meta
    annotated = [name for name, _ in query.annotations if name not in query.aliases]
    return (*[field.attname for field in options.fields], *annotated)


def _add_named(name: str, scope: Scope, columns: Columns) -> Cell:
    found = scope.column(name)
    return columns.annotate(found, name) if name in scope.annotations else columns.add(found, name)


def make_record(query: Query, scope: Scope, columns: Columns) -> RecordShape:
    """Add the columns of instances.

    Args:
        query: The description.
        scope: Its statement, with all annotations.
        columns: Where they are added.

    Raises:
        FieldError: A path of ``only()``, ``defer()`` or ``select_related()`` leads nowhere.
    """
    shape = _RecordMaker(scope, columns, _Wanted(query)).make(query.model._meta, scope.table)
    names = [name for name, _ in query.annotations if name not in query.aliases]
    extra = tuple(columns.annotate(scope.annotations[name], name) for name in names)
    return replace(shape, extra=extra)


class _RecordMaker:
    """The instances of one row, while their columns are added.

    Args:
        scope: The statement.
        columns: Where they are added.
        wanted: Which fields are read.
    """

    def __init__(self, scope: Scope, columns: Columns, wanted: "_Wanted") -> None:
        self._scope = scope
        self._columns = columns
        self._wanted = wanted
        self._count = 0

    def make(
        self, options: Options, table: "FromClause", path: tuple[str, ...] = (), also: Iterable[AnyField] = ()
    ) -> RecordShape:
        """Add an instance and those that are read along with it.

        Args:
            options: Of its model.
            table: Where its columns are.
            path: The relations that lead to it.
            also: Fields that are needed whatever is wanted.
        """
        number = self._count
        self._count += 1
        relations = {name: _single_relation(name, options) for name in self._wanted.relations(path)}
        needed = [options.pk, *also, *(field for field, is_reverse in relations.values() if not is_reverse)]
        cells = {
            field.attname: self._add(field, table)
            for field in options.fields
            if field in needed or self._wanted.has(field, options, path)
        }
        places = {name: cell.place for name, cell in cells.items()}
        differ = Differ(known_fields(options, self._scope.dialect, places))
        joins = tuple(self._join(name, field, path, is_reverse) for name, (field, is_reverse) in relations.items())
        key = cells[options.pk.attname]
        return RecordShape(number, options.model, differ, tuple(cells.values()), key, joins=joins)

    def _add(self, field: AnyField, table: "FromClause") -> Cell:
        form = self._scope.dialect.form_of(field)
        storage = storage_of(field)
        return self._columns.add(Typed(table.c[field.attname], storage, form), field.attname)

    def _join(self, name: str, field: AnyField, path: tuple[str, ...], is_reverse: bool) -> Join:
        path = (*path, name)
        hop = self._scope.relate("__".join(path))
        shape = self.make(hop.model._meta, hop.table, path, (field,) if is_reverse else ())
        return Join(store_of(name), shape, store_of(field.name) if is_reverse else None)


class _Wanted:
    """What ``only()``, ``defer()`` and ``select_related()`` ask for.

    Args:
        query: The description.

    Raises:
        FieldError: A path goes through what ``select_related()`` does not name.
    """

    def __init__(self, query: Query) -> None:
        options: Options = query.model._meta
        self._paths: dict[tuple[str, ...], list[str]] = {(): []}
        for path in _expanded(query.related, options):
            for number, name in enumerate(path):
                following = self._paths.setdefault(path[:number], [])
                if name not in following:
                    following.append(name)
                self._paths.setdefault(path[: number + 1], [])
        annotations = {name for name, _ in query.annotations}
        only = [name for name in query.columns or () if name not in annotations]
        self._only = None if query.columns is None else self._grouped(only, "only")
        self._deferred = self._grouped(query.deferred, "defer")

    def relations(self, path: tuple[str, ...]) -> list[str]:
        """Name the relations that are read along with an instance."""
        return self._paths[path]

    def has(self, field: AnyField, options: Options, path: tuple[str, ...]) -> bool:
        """Tell whether a field is read.

        Raises:
            FieldError: A name is none of the model's.
        """
        if field in _named(self._deferred.get(path, ()), options, "defer"):
            return False
        if self._only is None:
            return True
        # Of the model itself nothing but the key is read where only() names fields of relations.
        names = self._only.get(path, () if path == () else None)
        return names is None or field in _named(names, options, "only")

    def _grouped(self, names: Iterable[str], method: str) -> dict[tuple[str, ...], list[str]]:
        found: dict[tuple[str, ...], list[str]] = {}
        for name in names:
            *path, last = name.split("__")
            if tuple(path) not in self._paths:
                relation = "__".join(path)
                raise FieldError(
                    f"{method}({name!r}) goes through {relation!r}; add select_related({relation!r}), "
                    "or name fields of the model itself"
                )
            found.setdefault(tuple(path), []).append(last)
        return found


def _expanded(related: Iterable[str], options: Options) -> list[tuple[str, ...]]:
    """Give the paths of relations; ``*`` stands for every reference of the model that always leads somewhere."""
    paths: list[tuple[str, ...]] = []
    for path in related:
        if path == _ALL:
            # Not those that may be NULL, as Django has it: each would be an outer join that few rows need.
            paths += [(field.name,) for field in options.relations if not field.null]
        else:
            paths.append(tuple(path.split("__")))
    return paths


def _named(names: Iterable[str], options: Options, method: str) -> list[AnyField]:
    """Give the fields of the names.

    Raises:
        FieldError: One of them is no field.
    """
    for name in names:
        if name not in options.by_name:
            known = ", ".join(field.name for field in options.fields)
            what = f"is no field of {options.label}"
            if name in options.many:
                what = "has no column; use prefetch_related()"
            raise FieldError(f"{method}() names {name!r}, which {what}; there are {known}")
    return [options.by_name[name] for name in names]


def _single_relation(name: str, options: Options) -> tuple[AnyField, bool]:
    """Give the field of a relation to one row, and whether it is that of the other model.

    Raises:
        FieldError: There is no such relation.
    """
    field = options.by_name.get(name)
    if field is not None and field.related is not None and field.name == name:
        return field, False
    if name in options.reverse and options.reverse[name][1].is_single:
        model, relation = options.reverse[name]
        return model._meta.by_name[relation.name], True
    known = [one.name for one in options.relations]
    known += [other for other, (_, relation) in options.reverse.items() if relation.is_single]
    # The mistake that most make has words of its own.
    is_many = name in options.reverse or name in options.many
    what = "leads to many rows; use prefetch_related()" if is_many else "is no relation"
    raise FieldError(
        f"select_related() names {name!r} of {options.label}, which {what}; there are {', '.join(known) or 'none'}"
    )

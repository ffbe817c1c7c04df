"""Rows into instances, dicts, tuples and single values, by functions that are written once a plan.

A row is unpacked into the local names ``v0``, ``v1`` and so on; each conversion is pasted into the place where its
value is needed, so a row pays for no call that it does not need. What is written here holds names of attributes that
the metaclass has checked, keys as literals, and conversions of the dialects: no text of a user.
"""

import sys
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import repeat
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, TypeAlias, cast
from weakref import ref

from openviper.db.backends.base import Row
from openviper.db.compiler.origin import Differ, RowOrigin
from openviper.db.compiler.plan import Maker, Reader
from openviper.db.dialects.forms import Conversion
from openviper.db.exceptions import FieldError
from openviper.db.options import Options
from openviper.db.peers import FETCH_PEERS, HELD, FetchMode
from openviper.db.registry import AnyModel

__all__ = [
    "Cell",
    "Join",
    "RecordShape",
    "read_constant",
    "read_dicts",
    "read_flat",
    "read_named",
    "read_records",
    "read_tuples",
]

# Python 3.11 and 3.12 keep the values of an instance in line as long as nobody asks for its dict: ten stores take 180
# ns, a dict 570. Later ones do so only for classes without slots, of which models have some: 750 against 450.
_STORES_ATTRIBUTES: Final = sys.version_info < (3, 13)


Fetch: TypeAlias = FetchMode | Literal["held"] | None


class Cell(NamedTuple):
    """One column of a row.

    Args:
        place: Its index in the row.
        name: The attribute or key that its value gets.
        read: See ``StorageForm``.
        null: Whether it may be NULL.
    """

    place: int
    name: str
    read: Conversion | None = None
    null: bool = True

    @property
    def expression(self) -> str:
        """What gives its value, as source."""
        local = f"v{self.place}"
        return local if self.read is None else self.read.write(local, null=self.null)


class Join(NamedTuple):
    """An instance that is read along with another one.

    Args:
        store: The attribute of the other one that it is left in.
        shape: What it is made of.
        back: Its own attribute in which the other one is left, where it is the one that refers; None if it is not.
    """

    store: str
    shape: "RecordShape"
    back: str | None = None


@dataclass(frozen=True, slots=True)
class RecordShape:
    """An instance that is made of a row.

    Args:
        number: Tells the instances of one row apart.
        model: Its class.
        differ: Finds what has changed in it.
        cells: Its fields, by the attributes that hold them.
        key: The cell of its primary key.
        extra: Cells that are no fields: annotations.
        joins: What is read along with it.
    """

    number: int
    model: AnyModel
    differ: Differ
    cells: tuple[Cell, ...]
    key: Cell
    extra: tuple[Cell, ...] = ()
    joins: tuple[Join, ...] = ()


def read_records(
    shape: RecordShape, width: int, *, fetch: Fetch = None, stores_attributes: bool = _STORES_ATTRIBUTES
) -> Maker:
    """Give what makes instances.

    Args:
        shape: Of the instance that stands for a row.
        width: How many columns a row has.
        fetch: See ``Query``.
        stores_attributes: Whether values are stored one by one, instead of as a dict; what is faster on this Python.
    """
    has_peers = fetch in (None, FETCH_PEERS, HELD) and _lacks_something(shape)
    mode = None if fetch == HELD else fetch
    writer = _RecordWriter(width, stores_attributes, has_peers=has_peers, is_held=fetch == HELD)
    writer.add(shape)
    source = writer.source()
    code = compile(source, f"<rows of {shape.model._meta.label}>", "exec")
    find_fault = _fault_finder(_named_cells(shape))

    def make(alias: str) -> Reader:
        names: dict[str, Any] = dict(writer.names)
        for one in writer.shapes:
            names[f"C{one.number}"] = one.model
            names[f"G{one.number}"] = RowOrigin(alias, one.differ, mode)
            names[f"P{one.number}"] = partial(RowOrigin, alias, one.differ, mode)
        exec(code, names)  # noqa: S102 - only checked names and names of ours are in it
        many = names["G0"].make = names["many"]
        names["P0"] = partial(names["P0"], make=many)
        return Reader(many, names["one"], find_fault)

    return make


def read_dicts(cells: Sequence[Cell], width: int) -> Maker:
    """Give what makes a dict of each row.

    Args:
        cells: What is in it, in order.
        width: How many columns a row has.
    """
    items = ", ".join(f"{cell.name!r}: {cell.expression}" for cell in cells)
    return _always(_write_reader(f"{{{items}}}", cells, width))


def read_tuples(cells: Sequence[Cell], width: int) -> Maker:
    """Give what makes a tuple of each row.

    Args:
        cells: What is in it, in order.
        width: How many columns a row has.
    """
    if all(cell.read is None and cell.place == number for number, cell in enumerate(cells)) and len(cells) == width:
        # A tuple of the driver stays the one it is.
        return _always(Reader(lambda rows: list(map(tuple, rows)), tuple))
    items = "".join(f"{cell.expression}, " for cell in cells)
    return _always(_write_reader(f"({items})", cells, width))


def read_named(cells: Sequence[Cell], width: int) -> Maker:
    """Give what makes a named tuple of each row.

    Args:
        cells: What is in it, in order.
        width: How many columns a row has.

    Raises:
        FieldError: A name is there twice, or can be no attribute.
    """
    try:
        kind = namedtuple("Row", [cell.name for cell in cells])  # type: ignore[misc]  # noqa: PYI024 - names of a query
    except ValueError as error:
        raise FieldError(f"values_list(named=True) makes attributes of the names: {error}") from error
    items = "".join(f"{cell.expression}, " for cell in cells)
    return _always(_write_reader(f"_Row(({items}))", cells, width, {"_Row": kind._make}))


def read_flat(cell: Cell, width: int) -> Maker:
    """Give what takes one value of each row.

    Args:
        cell: Which one.
        width: How many columns a row has.
    """
    return _always(_write_reader(cell.expression, (cell,), width))


def read_constant(value: object) -> Maker:
    """Give what makes the same of every row.

    Args:
        value: What.
    """
    return _always(Reader(lambda rows: [value] * len(rows), lambda row: value))


def _always(reader: Reader) -> Maker:
    return lambda alias: reader


def _unpacked(width: int) -> str:
    """Give the left side of the assignment that unpacks a row."""
    return "".join(f"v{index}, " for index in range(width)).strip() if width > 1 else "v0,"


def _write_reader(
    expression: str, cells: Sequence[Cell], width: int, known: Mapping[str, object] = MappingProxyType({})
) -> Reader:
    """Write the functions of rows that become what an expression says; it may use what is known."""
    row = _unpacked(width)
    names: dict[str, object] = {**known}
    for cell in cells:
        if cell.read is not None:
            names |= cell.read.names
    source = [
        "def many(rows):",
        f"    return [{expression} for {row} in rows]",
        "def one(r):",
        f"    {row} = r",
        f"    return {expression}",
    ]
    exec(compile("\n".join(source), "<rows>", "exec"), names)  # noqa: S102 - keys are literals, the rest is ours
    many = cast("Callable[[Sequence[Row]], list[Any]]", names["many"])
    return Reader(many, cast("Callable[[Row], Any]", names["one"]), _fault_finder(cells))


def _lacks_something(shape: RecordShape) -> bool:
    """Tell whether instances may be asked for what was not read with them, so that it matters which came together."""
    options: Options = shape.model._meta
    return bool(options.relations or options.reverse or options.many or len(shape.cells) < len(options.fields))


def _named_cells(shape: RecordShape) -> list[Cell]:
    """Give the cells of an instance and of those that are read along with it, each with its model in its name."""
    label = shape.model._meta.label
    cells = [cell._replace(name=f"{label}.{cell.name}") for cell in (*shape.cells, *shape.extra)]
    return cells + [cell for join in shape.joins for cell in _named_cells(join.shape)]


def _fault_finder(cells: Sequence[Cell]) -> Callable[[Row], str | None]:
    """Give what finds the cell that a row cannot be read because of."""

    # Hardly a plan ever needs them, so they are not written before the first fault.
    @cache
    def tries() -> list[tuple[Cell, Callable[[object], object]]]:
        return [(cell, _try_of(cell)) for cell in cells]

    def find_fault(row: Row) -> str | None:
        for cell, attempt in tries():
            try:
                attempt(row[cell.place])
            except (ArithmeticError, AttributeError, TypeError, ValueError):
                return cell.name
        return None

    return find_fault


def _try_of(cell: Cell) -> Callable[[object], object]:
    """Give what reads the value of a cell alone."""
    names = dict(cell.read.names) if cell.read else {}
    written = eval(f"lambda v{cell.place}: {cell.expression}", names)  # noqa: S307 - text of ours
    return cast("Callable[[object], object]", written)


class _RecordWriter:
    """The functions of one row that becomes instances, while they are written."""

    def __init__(self, width: int, stores_attributes: bool, *, has_peers: bool, is_held: bool) -> None:
        self.width = width
        self._stores_attributes = stores_attributes
        self._has_peers = has_peers
        self._is_held = is_held
        self.names: dict[str, object] = {"ref": ref, "repeat": repeat}
        self.shapes: list[RecordShape] = []
        self._lines: list[str] = []
        #: What instances that are read along with others come of, by their numbers, and the attribute they are kept in.
        self._holders: dict[int, tuple[int, str]] = {}

    def source(self) -> str:
        """Give the text of both functions."""
        # Arguments are local names, which are read in half the time of global ones.
        fixed = "".join(f", C{one.number}=C{one.number}, G{one.number}=G{one.number}" for one in self.shapes)
        row = _unpacked(self.width)
        # Instances that are made side by side are filled a tenth faster, from a thousand rows on.
        lines = [f"def many(rows, new=object.__new__{fixed}):", "    out = list(map(new, repeat(C0, len(rows))))"]
        lines += self._share()
        lines += ["    for o0, r in zip(out, rows):", f"        {row} = r"]
        lines += [*(f"        {line}" for line in self._lines), "    return out"]
        lines += [f"def one(r, new=object.__new__{fixed}):", f"    {row} = r", "    o0 = new(C0)"]
        lines += [*(f"    {line}" for line in self._lines), "    return o0"]
        return "\n".join(lines)

    def _share(self) -> list[str]:
        """Let the instances of a result share their origins; one weak reference a row leads to all of them."""
        if not self._has_peers:
            return []
        lines = ["    if len(out) > 1:", f"        G0 = P0({'' if self._is_held else 'list(map(ref, out))'})"]
        holders = self._holders.items()
        return lines + [f"        G{one} = P{one}((G{other}, {store!r}))" for one, (other, store) in holders]

    def add(self, shape: RecordShape, indent: str = "") -> None:
        """Write the making of an instance and of those that are read along with it."""
        self.shapes.append(shape)
        record = f"o{shape.number}"
        # A method of the author's that watches assignments is not called for what was there before.
        is_watched = any("__setattr__" in vars(base) for base in shape.model.__mro__[:-1])
        write = self._store_dict if is_watched or not self._stores_attributes else self._store_attributes
        lines = [f"{record} = new(C{shape.number})"] if shape.number else []
        lines += write(shape, record)
        lines += [f"{record}._row = r", f"{record}._origin = G{shape.number}"]
        self._lines += [f"{indent}{line}" for line in lines]
        for join in shape.joins:
            self._add_join(record, join, indent)

    def _add_join(self, record: str, join: Join, indent: str) -> None:
        shape = join.shape
        other = f"o{shape.number}"
        self._holders[shape.number] = int(record[1:]), join.store
        self._lines += [f"{indent}if v{shape.key.place} is None:", f"{indent}    {record}.{join.store} = None"]
        self._lines.append(f"{indent}else:")
        self.add(shape, indent + "    ")
        found = other if join.back is not None else f"(k{shape.number}, {other})"
        self._lines.append(f"{indent}    {record}.{join.store} = {found}")
        if join.back is not None:
            key = f"k{record[1:]}"
            self._lines.append(f"{indent}    {other}.{join.back} = ({key}, {record})")

    def _store_attributes(self, shape: RecordShape, record: str) -> list[str]:
        lines = [self._keep_key(shape)]
        return lines + [f"{record}.{cell.name} = {self._value(shape, cell)}" for cell in (*shape.cells, *shape.extra)]

    def _store_dict(self, shape: RecordShape, record: str) -> list[str]:
        items = ", ".join(f"{cell.name!r}: {self._value(shape, cell)}" for cell in (*shape.cells, *shape.extra))
        return [self._keep_key(shape), f"{record}.__dict__ = {{{items}}}"]

    def _keep_key(self, shape: RecordShape) -> str:
        # References are kept with the key that they were found by: the very value that the instance has.
        self._name(shape.key)
        return f"k{shape.number} = {shape.key.expression}"

    def _value(self, shape: RecordShape, cell: Cell) -> str:
        self._name(cell)
        return f"k{shape.number}" if cell is shape.key else cell.expression

    def _name(self, cell: Cell) -> None:
        if cell.read is not None:
            self.names |= cell.read.names

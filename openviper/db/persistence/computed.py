"""Expressions in instances: ``post.views = F("views") + 1``, which the engine computes when the instance is saved.

What comes of it only the engine knows. So the attribute is not loaded afterwards, and whoever wants the value awaits
the instance. A save looks for expressions before it cleans, so that no validator meets one.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from types import NoneType
from typing import Final, TypeAlias
from uuid import UUID
from weakref import ref

from openviper.db.compiler.change import change_plan
from openviper.db.compiler.write import name_faults, write_binder
from openviper.db.connections import Database
from openviper.db.exceptions import FieldError, FieldValueError
from openviper.db.executor import in_slices
from openviper.db.fields.base import AnyField
from openviper.db.options import Options
from openviper.db.persistence.record import (
    Stored,
    has_other_key,
    keep_on_rollback,
    known_values,
    note_stored,
    set_row,
)
from openviper.db.persistence.target import allow_reads
from openviper.db.persistence.update import change_rows
from openviper.db.query.description import Expression as Node
from openviper.db.query.description import Lookup, Many, Param, Query
from openviper.db.query.expressions import Expression
from openviper.db.query.lowering import lower
from openviper.db.query.writes import Update
from openviper.db.transactions import atomic, current_scope

__all__ = [
    "Computed",
    "has_computed",
    "is_computed",
    "note_computed",
    "take_computed",
    "update_computed",
    "write_computed",
]

#: What nearly all values are; that they are no expressions is seen without a line of Python for each.
_PLAIN: Final = frozenset(
    {NoneType, bool, bytes, date, datetime, Decimal, dict, float, int, list, str, time, timedelta, tuple, UUID}
)
#: What fields are set to, by attribute.
Computed: TypeAlias = dict[str, Expression]
#: Writes some fields of some instances, all of whose values are known, and gives how many rows there were.
_Write: TypeAlias = Callable[[Sequence[Stored], Sequence[AnyField]], Awaitable[int]]


def has_computed(record: Stored) -> bool:
    """Tell whether an attribute of an instance may be an expression.

    Args:
        record: The instance.
    """
    if _PLAIN.issuperset(map(type, vars(record).values())):
        return False
    for value in vars(record).values():  # noqa: SIM110 - any() would call a generator for each of them, in every save
        if isinstance(value, Expression):
            return True
    return False


def is_computed(record: Stored, field: AnyField) -> bool:
    """Tell whether a field of an instance, other than its key, is an expression.

    Args:
        record: The instance.
        field: One of its model.
    """
    return field is not record._meta.pk and isinstance(vars(record).get(field.attname), Expression)


def take_computed(record: Stored, names: Collection[str] | None = None) -> Computed:
    """Take the expressions out of an instance; what is left can be cleaned.

    Args:
        record: The instance.
        names: Names of the fields that are looked at; None means all.
    """
    values = vars(record)
    return {
        field.attname: values.pop(field.attname)
        for field in record._meta.fields
        if (names is None or field.name in names) and is_computed(record, field)
    }


async def write_computed(
    record: Stored, database: Database, fields: Sequence[AnyField], computed: Mapping[str, Expression]
) -> tuple[int, tuple[object, ...]]:
    """Write fields of an instance, some of which are expressions.

    Args:
        record: The instance.
        database: Where to.
        fields: Those whose values are known.
        computed: What the others are set to.

    Returns:
        How many rows there were, and what was bound of ``fields``.

    Raises:
        FieldError: An expression is of another kind than its field.
        ModelValidationError: The engine cannot store what a field holds.
    """
    options, values = record._meta, vars(record)
    try:
        args = write_binder(fields, database.dialect)(values)
    except FieldValueError as error:
        name_faults(fields, database.dialect, values)
        raise error
    given: list[object] = [values[options.pk.attname]]
    nodes: dict[str, Node] = {}
    for field in fields:
        nodes[field.attname] = Param(len(given))
        given.append(values[field.attname])
    nodes |= {name: lower(one, given) for name, one in computed.items()}
    query = Query(options.model, mode="flat", columns=("pk",), where=(Lookup("pk", 0),), order=())
    return await change_rows(Update(query, tuple(nodes.items())), tuple(given), database), args


def note_computed(
    record: Stored,
    database: Database,
    computed: Mapping[str, Expression],
    fields: Sequence[AnyField] = (),
    args: tuple[object, ...] = (),
) -> None:
    """Note what was stored; the fields that were computed are not loaded any more.

    Args:
        record: The instance, without its expressions.
        database: Where it was stored.
        computed: They.
        fields: Those whose values were bound.
        args: What was bound, in their order.
    """
    keep_on_rollback([record], database)
    scope = current_scope(database.alias)
    if scope is not None:
        scope.on_rollback(partial(_put_back, ref(record), dict(computed)))
    if fields:
        note_stored(record, database, fields, args)
    known = known_values(record, database.alias)
    if known:
        set_row(record, {name: value for name, value in known.items() if name not in computed}, database)


async def update_computed(
    records: Iterable[Stored], options: Options, database: Database, fields: Sequence[AnyField], *, write: _Write
) -> int:
    """Write fields of instances, of which some are expressions, and give how many rows there were.

    The expressions go first, so that they compute with the rows as they were; a statement for all that are set to the
    same.

    Args:
        records: The instances.
        options: Of their model.
        database: Where to.
        fields: Those that are written.
        write: Writes those whose values are known.
    """
    names = [field.name for field in fields]
    taken = {id(record): (record, take_computed(record, names)) for record in records}
    plain: dict[tuple[AnyField, ...], list[Stored]] = {}
    for record, computed in taken.values():
        plain.setdefault(tuple(one for one in fields if one.attname not in computed), []).append(record)
    touched = 0
    try:
        for record, computed in taken.values():
            if computed and has_other_key(record):
                raise FieldError("the key of an instance was changed after it was read, and a row keeps its key")
        changes = _changes(taken.values(), options)
        # Each asks again when its turn comes, when those before it have been sent.
        for models in [found for one, _ in changes if (found := change_plan(one, database.dialect).models)]:
            await allow_reads(models)
        async with atomic(database.alias):
            for change, given in changes:
                touched += await change_rows(change, given, database)
            for record, computed in taken.values():
                if computed:
                    note_computed(record, database, computed)
            for some, rows in plain.items():
                count = await write(rows, some) if some else 0
                # Rows of which a part was computed have been counted.
                touched += count if len(some) == len(fields) else 0
    except BaseException:
        for record, computed in taken.values():
            vars(record).update(computed)
        raise
    return touched


def _changes(taken: Iterable[tuple[Stored, Computed]], options: Options) -> list[tuple[Update, tuple[object, ...]]]:
    """Give the statements for expressions; those of equal ones are one."""
    groups: dict[object, tuple[list[object], tuple[tuple[str, Node], ...], list[object]]] = {}
    for record, computed in taken:
        if not computed:
            continue
        given: list[object] = [()]  # in the place of the keys
        nodes = tuple((name, lower(one, given)) for name, one in computed.items())
        # 1, 1.0 and True are equal, and not the same.
        mark = (nodes, tuple((type(one), repr(one)) for one in given))
        keys = groups.setdefault(mark, ([], nodes, given))[0]
        keys.append(vars(record)[options.pk.attname])
    found = []
    for keys, nodes, given in groups.values():
        for some in in_slices(keys):
            query = Query(options.model, mode="flat", columns=("pk",), where=(Lookup("pk__in", Many(0)),), order=())
            found.append((Update(query, nodes), (some, *given[1:])))
    return found


def _put_back(record: "ref[Stored]", computed: Computed) -> None:
    """Put expressions back into an instance whose transaction was rolled back, unless somebody has set the fields."""
    found = record()
    if found is not None:
        for name, one in computed.items():
            vars(found).setdefault(name, one)

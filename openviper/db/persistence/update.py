"""Changing the rows of a query set where they are, without reading them."""

from collections.abc import Mapping

from openviper.db.compiler.change import change_plan
from openviper.db.connections import Database
from openviper.db.events.running import ask, news, tell
from openviper.db.events.watchers import watchers_of
from openviper.db.exceptions import FieldError
from openviper.db.options import Options
from openviper.db.persistence.names import find_field
from openviper.db.persistence.target import allow, allow_reads, named, note_sent, target_of
from openviper.db.query.description import Expression as Node
from openviper.db.query.description import Param, Query
from openviper.db.query.expressions import Described, Expression
from openviper.db.query.lowering import lower
from openviper.db.query.writes import Delete, Update, rows_of
from openviper.db.routers import refuse_foreign
from openviper.db.routers import slot as routes
from openviper.db.routing.statements import route_write

__all__ = ["change_rows", "update_rows"]


async def update_rows(
    query: Query, values: tuple[object, ...], assignments: Mapping[str, object], using: str | None = None
) -> int:
    """Set fields in all rows of a query, in one statement, and give how many rows there were.

    Args:
        query: The description of the query set.
        values: Its values.
        assignments: What fields are set to, by name: values, instances for references, or expressions.
        using: Alias of the database; None means that of the model.

    Raises:
        FieldError: A name is of no field, or of the key; or an expression is of another kind than its field.
        ModelValidationError: Fields refuse their values; all of them are named.
        ValueError: Nothing is set.
    """
    options: Options = query.model._meta
    if routes.routers:
        using = await route_write(options, using)
    database = target_of(options, using)
    if not assignments:
        raise ValueError(f"update() of {options.label} sets nothing; write update(field=value)")
    await allow(options, "update")
    given = list(values)
    nodes: dict[str, Node] = {}
    for name, value in assignments.items():
        field = find_field(name, options, "update()")
        if field.attname in nodes:
            raise FieldError(
                f"update() sets {field.name} of {options.label} twice, as {field.name} and {field.attname}"
            )
        nodes[field.attname] = _lower(value, given)
    change = Update(rows_of(query), tuple(nodes.items()))
    watchers = watchers_of(options)
    if watchers is None:
        return await change_rows(change, tuple(given), database)
    names = tuple(options.by_name[name].name for name in nodes)
    await ask(watchers, "pre_bulk_update", (), model=options.model, fields=names)
    touched = await change_rows(change, tuple(given), database)
    await tell(news(watchers, "post_bulk_update", (), database.alias, model=options.model, fields=names))
    return touched


async def change_rows(change: Update | Delete, values: tuple[object, ...], database: Database) -> int:
    """Run a statement that changes rows, and give how many there were.

    Args:
        change: The description.
        values: Its values.
        database: Where to.

    Raises:
        PermissionError: It looks at rows of a model that may not be read; to change those it is about is no matter of
            this function.
    """
    if routes.is_spread:
        refuse_foreign(values, database.alias)
    plan = change_plan(change, database.dialect).sized(values)
    if plan.models:
        await allow_reads(plan.models)
    plan.reader(database.alias)  # which refuses a part that belongs to another database
    options: Options = change.query.model._meta
    try:
        with named(options, database.options):
            return await database.execute(plan.sql, plan.bind(values))
    finally:
        note_sent(options, database.alias)


def _lower(value: object, values: list[object]) -> Node:
    """Give the node of what a field is set to; a plain value is looked at by the field, None among them."""
    if isinstance(value, Expression | Described):
        return lower(value, values)
    values.append(value)
    return Param(len(values) - 1)

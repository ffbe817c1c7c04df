"""Assembly: from a statement that is written to the plan that sends it, for whatever the statement does."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from openviper.db.compiler.plan import Maker, Plan, Values
from openviper.db.compiler.plan_cache import variant_of
from openviper.db.compiler.values import Parameters, sizes_of
from openviper.db.dialects.base import Dialect
from openviper.db.query.description import Place
from openviper.db.registry import AnyModel

if TYPE_CHECKING:
    from sqlalchemy import ClauseElement

__all__ = ["assemble"]

#: Makes the plan once more, for lists of these sizes.
_Again: TypeAlias = Callable[[Mapping[Place, int]], Plan]


def assemble(
    statement: "ClauseElement", parameters: Parameters, *, make_reader: Maker, again: _Again | None = None
) -> Plan:
    """Make the plan of a statement.

    Args:
        statement: What is sent.
        parameters: The places of values in it.
        make_reader: What reads its rows; see ``Maker``.
        again: Makes the plan for lists of other sizes; None where this one is for certain sizes already.

    Raises:
        FieldError: There are more values than the engine takes.
    """
    compiled: Any = statement.compile(dialect=parameters.dialect.compiler)  # typed as if it might be no statement
    lists = parameters.lists
    text = str(compiled)
    if not compiled.positiontup and parameters.dialect.features.placeholder == "format":
        text = text.replace("%%", "%")  # without values the text is sent as it is
    return Plan(
        text,
        bind=parameters.binder(compiled.positiontup or ()),
        make_reader=make_reader,
        lists=lists,
        resize=_resizer(parameters.dialect, lists, again) if lists and again is not None else None,
        models=_others(parameters),
    )


def _others(parameters: Parameters) -> tuple[AnyModel, ...]:
    """Give the models that a statement touches besides its own; rows that only link others are nobody's own."""
    return tuple(model for model in list(parameters.models)[1:] if model._meta.auto_created is None)


def _resizer(dialect: Dialect, lists: tuple[Place, ...], again: _Again) -> Callable[[Values], Plan]:
    """Give what finds the variant of a plan for the sizes of its lists."""
    token = object()

    def resize(values: Values) -> Plan:
        sizes = sizes_of(values, lists)
        return variant_of(dialect, (token, *sizes.values()), lambda: again(sizes))

    return resize

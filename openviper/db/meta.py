"""What the ``Meta`` of a model states: read, inherited and checked."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, TypeAlias, TypedDict, cast

from openviper.db.constraints import LONGEST_NAME, CheckConstraint, Index, UniqueConstraint, make_name
from openviper.db.exceptions import ModelDefinitionError
from openviper.db.utils import validate_identifier

__all__ = ["Constraint", "Meta", "TableParts", "check_name", "inherit_meta", "read_meta", "read_parts"]

Constraint: TypeAlias = CheckConstraint | UniqueConstraint

# What an abstract parent says of itself, and not of those that inherit it.
_OWN: Final = ("abstract", "proxy", "table_name", "verbose_name", "verbose_name_plural")


class Meta(TypedDict, total=False):
    """What a ``Meta`` may state."""

    abstract: bool
    backend: str | None
    constraints: Sequence[Constraint]
    index_together: Sequence[str] | Sequence[Sequence[str]]
    indexes: Sequence[Index]
    managed: bool
    ordering: Sequence[str]
    proxy: bool
    read_only: bool
    table_name: str
    unique_together: Sequence[str] | Sequence[Sequence[str]]
    verbose_name: str
    verbose_name_plural: str


class TableParts(TypedDict):
    """What ``Meta`` adds to the table, as Options hold it."""

    ordering: tuple[str, ...]
    indexes: tuple[Index, ...]
    constraints: tuple[Constraint, ...]
    unique_together: tuple[tuple[str, ...], ...]


def read_meta(meta: object, *, label: str) -> Meta:
    """Give what a ``Meta`` states, the words of the classes that it extends included.

    Args:
        meta: The class in the body of the model; None if there is none.
        label: Label of the model, for messages.

    Raises:
        ModelDefinitionError: It is no class, or states something that no model has.
    """
    if meta is not None and not isinstance(meta, type):
        raise ModelDefinitionError(f"Meta of {label} is {meta!r}; write a class: class Meta: ...")
    stated: dict[str, object] = {}
    for part in reversed(meta.__mro__[:-1]) if meta else ():
        stated |= {name: value for name, value in vars(part).items() if not name.startswith("__")}
        if part is not meta:
            # Extending the Meta of an abstract model makes no abstract model.
            stated.pop("abstract", None)
            stated.pop("proxy", None)
    unknown = stated.keys() - Meta.__annotations__.keys()
    if unknown:
        known = ", ".join(sorted(Meta.__annotations__))
        raise ModelDefinitionError(f"Meta of {label} states {min(unknown)!r}, which no model has; there are {known}")
    return cast("Meta", stated)


def inherit_meta(own: Meta, parents: Iterable[Meta]) -> Meta:
    """Add what abstract parents state and the model does not; of two parents the first one wins."""
    stated: dict[str, object] = {}
    for parent in reversed(tuple(parents)):
        stated |= {name: value for name, value in parent.items() if name not in _OWN}
    return cast("Meta", {**stated, **own})


def read_parts(meta: Meta, *, label: str, table: str) -> TableParts:
    """Give the parts of ``Meta`` that concern the table.

    Args:
        meta: What it states.
        label: Label of the model.
        table: Name of its table.

    Raises:
        ModelDefinitionError: A part is of the wrong shape, or has a name that not every engine keeps.
    """
    together = [Index(group) for group in _groups(meta.get("index_together", ()), label)]
    indexes, constraints = meta.get("indexes", ()), meta.get("constraints", ())
    _refuse_other_kinds(indexes, (Index,), label)
    _refuse_other_kinds(constraints, (CheckConstraint, UniqueConstraint), label)
    ordering = meta.get("ordering", ())
    if isinstance(ordering, str) or not all(isinstance(name, str) for name in ordering):
        raise ModelDefinitionError(f"Meta of {label} has ordering={ordering!r}; write a list of names: ['-created']")
    return {
        "ordering": tuple(ordering),
        "indexes": tuple(_name_index(one, label, table) for one in (*indexes, *together)),
        "constraints": tuple(replace(one, name=_fill_name(one.name, label)) for one in constraints),
        "unique_together": _groups(meta.get("unique_together", ()), label),
    }


def check_name(name: str, description: str) -> str:
    """Refuse a name that cannot stand in SQL, or that not every engine keeps whole.

    Raises:
        ModelDefinitionError: The message says which.
    """
    try:
        validate_identifier(name, description)
    except ValueError as error:
        raise ModelDefinitionError(str(error)) from error
    if len(name) > LONGEST_NAME:
        raise ModelDefinitionError(
            f"{description}: {name!r} has {len(name)} characters, at most {LONGEST_NAME} are kept"
        )
    return name


def _refuse_other_kinds(given: Iterable[object], kinds: tuple[type, ...], label: str) -> None:
    for one in given:
        if not isinstance(one, kinds):
            names = " or ".join(kind.__name__ for kind in kinds)
            raise ModelDefinitionError(f"Meta of {label} has {one!r} where an object of {names} belongs")


def _name_index(index: Index, label: str, table: str) -> Index:
    if index.name is None:
        return replace(index, name=make_name("ix", table, [name.removeprefix("-") for name in index.fields]))
    return replace(index, name=_fill_name(index.name, label))


def _fill_name(name: str, label: str) -> str:
    """Give a constraint's name, in which an abstract model may leave room for those that inherit it."""
    app, _, model = label.partition(".")
    filled = name.replace("%(class)s", model.lower()).replace("%(app_label)s", app)
    return check_name(filled, f"name of a constraint of {label}")


def _groups(given: Sequence[str] | Sequence[Sequence[str]], label: str) -> tuple[tuple[str, ...], ...]:
    """Take one group of names, or several."""
    if isinstance(given, str):
        raise ModelDefinitionError(f"Meta of {label} has the group {given!r}; write names: ('author', 'slug')")
    if given and all(isinstance(one, str) for one in given):
        return (tuple(cast("Sequence[str]", given)),)
    return tuple(tuple(group) for group in given)

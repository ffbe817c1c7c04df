"""Names of fields that callers give, read once and refused where they are of none."""

from collections.abc import Collection, Sequence

from openviper.db.compiler.bulk import Conflict
from openviper.db.constraints import UniqueConstraint
from openviper.db.exceptions import FieldError
from openviper.db.fields.base import AnyField, shorten
from openviper.db.options import Options

__all__ = ["find_field", "read_conflict", "read_field_names", "read_update_fields", "unique_groups"]


def read_update_fields(names: Collection[str], options: Options) -> tuple[str, ...]:
    """Give the names of the fields that ``save(update_fields=...)`` means.

    Args:
        names: As the caller wrote them.
        options: Of the model.

    Raises:
        ValueError: One is of no field, or of the key; the message lists the fields.
    """
    try:
        return tuple(one.name for one in _read(names, options, "update_fields"))
    except FieldError as error:
        raise ValueError(str(error)) from error


def read_field_names(names: Collection[str], options: Options, caller: str) -> list[AnyField]:
    """Give the fields that are written, of names.

    Args:
        names: As the caller wrote them.
        options: Of the model.
        caller: Who takes them, for messages.

    Raises:
        FieldError: One is of no field, or of the key; the message lists the fields.
        ValueError: There are none.
    """
    fields = _read(names, options, caller)
    if not fields:
        raise ValueError(f"{caller} names no field; there are {_list(options)}")
    return fields


def find_field(name: str, options: Options, caller: str, *, with_key: bool = False) -> AnyField:
    """Give the field of a name, which may be that of its attribute.

    Args:
        name: As the caller wrote it.
        options: Of the model.
        caller: Who takes it, for messages.
        with_key: Whether the key is one of them.

    Raises:
        FieldError: There is no such field; the message lists those that there are.
    """
    field = options.by_name.get(name)
    if field is None and name in options.many:
        raise FieldError(
            f"{caller}: {options.label}.{name} has no column, as its pairs are rows of a table; "
            f"write: await instance.{name}.set([...])"
        )
    if field is None:
        raise FieldError(f"{caller}: {options.label} has no field {shorten(name)}; there are {_list(options)}")
    if field is options.pk and not with_key:
        raise FieldError(
            f"{caller}: {name} is the key of {options.label}, which is never updated; there are {_list(options)}"
        )
    return field


def read_conflict(
    options: Options,
    ignores: bool,
    updates: bool,
    unique_fields: Collection[str] | None,
    update_fields: Collection[str] | None,
) -> Conflict | None:
    """Give what an INSERT does where rows are in its way; None means an error.

    Args:
        options: Of the model.
        ignores: Whether it passes them over.
        updates: Whether it updates them.
        unique_fields: Names of the fields by which a row is the same.
        update_fields: Names of the fields that it takes over.

    Raises:
        ValueError: The arguments contradict each other, or one is missing.
        FieldError: A name is of no field, or the fields are not unique.
    """
    if not updates:
        if unique_fields is not None or update_fields is not None:
            raise ValueError("unique_fields and update_fields go with update_conflicts=True")
        return Conflict() if ignores else None
    if ignores:
        raise ValueError("ignore_conflicts and update_conflicts exclude each other")
    if not unique_fields or not update_fields:
        raise ValueError("update_conflicts needs unique_fields, by which a row is the same, and update_fields")
    updated = tuple(one.attname for one in _read(update_fields, options, "update_fields"))
    unique = tuple(one.attname for one in _read(unique_fields, options, "unique_fields", with_key=True))
    # PostgreSQL wants an index for exactly these columns, and says so in words about ON CONFLICT.
    known = unique_groups(options)
    if frozenset(unique) not in [frozenset(group) for group in known]:
        groups = "; ".join(", ".join(group) for group in known)
        raise FieldError(f"unique_fields {', '.join(unique)} of {options.label} are not unique; what is: {groups}")
    if both := set(unique) & set(updated):
        raise FieldError(
            f"{min(both)} stands in unique_fields, so it is the same already; take it out of update_fields"
        )
    return Conflict(unique, updated)


def unique_groups(options: Options) -> list[Sequence[str]]:
    """List the attributes of a model of which no two rows have the same, each alone or several together.

    Args:
        options: Of the model.
    """
    groups: list[Sequence[str]] = [(one.name,) for one in options.fields if one.unique]
    groups += options.unique_together
    # A constraint with a condition covers some rows only, and engines want it repeated.
    groups += [one.fields for one in options.constraints if isinstance(one, UniqueConstraint) and one.is_plain]
    return [tuple(options.by_name[name].attname for name in group) for group in groups]


def _read(names: Collection[str], options: Options, caller: str, *, with_key: bool = False) -> list[AnyField]:
    if isinstance(names, str):
        raise FieldError(f"{caller}: {shorten(names)} is a text; write a list of names")
    found = {name: find_field(name, options, caller, with_key=with_key) for name in names}
    return list(dict.fromkeys(found.values()))


def _list(options: Options) -> str:
    return ", ".join(one.name for one in options.fields if one is not options.pk)

"""What is made for each many-to-many field: the through model, and the attribute of its instances."""

from typing import Final, Never, cast

from openviper.db.constraints import LONGEST_NAME
from openviper.db.exceptions import ModelDefinitionError
from openviper.db.fields.many import AnyMany
from openviper.db.fields.related import ForeignKey
from openviper.db.options import RESERVED_NAMES, Options
from openviper.db.registry import AnyModel, AnyRecord
from openviper.db.related import related_to

__all__ = ["ManyAttribute", "made_for", "make_through"]

#: The attribute of a through model that names the model whose field it was made for.
_MADE_FOR: Final = "_made_for"


class ManyAttribute:
    """The attribute of a many-to-many field: a manager of the other rows; on the class it is the field.

    Args:
        field: The field.
    """

    __slots__ = ("_field", "_name")

    def __init__(self, field: AnyMany) -> None:
        self._field = field
        self._name = field.name

    def __get__(self, record: AnyRecord | None, owner: type | None = None) -> object:
        return self._field if record is None else related_to(record, self._name)

    def __set__(self, record: AnyRecord, value: object) -> Never:
        raise TypeError(f"{self._field.path} is not assigned, as {record._meta.way_to_relate(self._name)}")


def make_through(field: AnyMany, model: AnyModel) -> AnyModel:
    """Make the through model of a field that names none.

    Args:
        field: The field.
        model: The model that declares it.

    Raises:
        ModelDefinitionError: Its table would have a name that not every engine keeps, or its label is taken.
    """
    options: Options = model._meta
    table = field.db_table or f"{options.table}_{field.name}"
    if len(table) > LONGEST_NAME:
        raise ModelDefinitionError(
            f"{field.path} has the table {table!r} of {len(table)} characters, at most {LONGEST_NAME} are kept; "
            "give it a db_table"
        )
    source, target = _names_of_keys(field, options)
    # It lives and is managed as the model does that declares the field.
    stated = {
        "table_name": table,
        "unique_together": (source, target),
        "backend": options.database,
        "managed": options.managed,
        "read_only": options.read_only,
        "verbose_name": f"{options.verbose_name} {field.label}",
    }
    other = model if field.to == "self" else cast("AnyModel", field.to)  # or the name of one
    name = f"{options.name}_{field.name}"
    body = {
        "__module__": model.__module__,
        # Found by this name, so that rows can be pickled.
        "__qualname__": f"{model.__qualname__}.{field.name}.through",
        "__doc__": f"The pairs of {field.path}.",
        "Meta": type("Meta", (), stated),
        _MADE_FOR: model,
        # What is unique together begins with it, which is an index already.
        source: ForeignKey(model, related_name="+", db_index=False),
        target: ForeignKey(other, related_name="+"),
    }
    # By Model itself, which is the last of them and cannot be imported here.
    kind: type = type(model)
    base = next(one for one in reversed(model.__mro__) if isinstance(one, kind))
    made: AnyModel = kind(name, (base,), body)
    return made


def made_for(model: AnyModel) -> AnyModel | None:
    """Give the model whose field a through model was made for; None for every other model.

    Args:
        model: The class.
    """
    return vars(model).get(_MADE_FOR)


def _names_of_keys(field: AnyMany, options: Options) -> tuple[str, str]:
    source, target = _spell(options.name), _spell(field.related.reference.label.rpartition(".")[2])
    if source == target:
        return f"from_{source}", f"to_{target}"
    return source, target


def _spell(name: str) -> str:
    """Turn the name of a class into that of a field, which takes less."""
    spelt = "_".join(part for part in name.lower().split("_") if part)
    return f"{spelt}_row" if spelt in RESERVED_NAMES or spelt == "id" else spelt

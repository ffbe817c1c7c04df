"""Classes that take several values of a request as one argument: a Struct, a dataclass or a pydantic model."""

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal, Protocol, TypeAlias, cast, get_args, get_origin, get_type_hints

from openviper.primitives.unset import UNSET
from openviper.routing.arguments import Argument, Factory
from openviper.routing.exceptions import RouteError
from openviper.routing.faults import MOST_FAULTS, Fault, describe_fault, shorten
from openviper.routing.kinds import find_shape, is_pydantic, is_struct, is_typed_dict, split_optional
from openviper.routing.params import Marker

__all__ = ["Others", "find_others", "read_fields", "take_others"]

#: What a class does with values that none of its fields takes.
Others: TypeAlias = Literal["ignore", "forbid", "allow"]


class _Reader(Protocol):
    """Finds out where a value comes from, and what holds for it."""

    def __call__(
        self, handler: str, name: str, annotation: object, default: object, *, source: type[Marker] | None
    ) -> Argument: ...


class _ModelField(Protocol):
    """What a pydantic model tells of one of its fields."""

    annotation: object
    validation_alias: object


def read_fields(handler: str, record: object, source: type[Marker], read: _Reader) -> tuple[Argument, ...]:
    """Find out what values a class is made of.

    Args:
        handler: Who asks for it, for a message.
        record: The class, or a generic one with what stands in its brackets.
        source: The marker of the argument, which its fields have as well.
        read: Finds out about one value; ``signatures.read_value``.

    Raises:
        RouteError: It is a TypedDict, or a field is of a type, or has an alias, that no such value has.
    """
    kind = cast("type", get_origin(record) or record)
    if is_typed_dict(kind):
        raise RouteError(f"handler {handler}: {kind.__name__} is a TypedDict; take a dataclass or a Struct instead")
    if is_pydantic(kind):
        return tuple(_iter_texts(handler, kind, source, read))
    found = _iter_struct(record) if is_struct(kind) else _iter_dataclass(kind, get_args(record))
    fields = []
    for name, sent_as, annotation, default in found:
        argument = read(f"{handler}, {kind.__name__}", name, annotation, default, source=source)
        if argument.kind not in (source.source, "file") or argument.fields is not None:
            raise RouteError(
                f"handler {handler}: the field {name!r} of {kind.__name__} is no single value of a request"
            )
        renamed = argument if sent_as == name else dataclasses.replace(argument, key=sent_as)
        fields.append(renamed)
    return tuple(fields)


def find_others(kind: object, source: str) -> Others:
    """Tell what a class says of values that it has no field for.

    Args:
        kind: The class.
        source: The part of the request; every client sends header fields that no handler asked for, so nothing of them
            counts as one too many.
    """
    if source == "header":
        return "ignore"
    if is_struct(kind):
        return "forbid" if cast("Any", kind).__struct_config__.forbid_unknown_fields else "ignore"
    if not is_pydantic(kind):
        return "ignore"
    return cast("Others", _config(kind).get("extra") or "ignore")


def take_others(
    others: Others, source: str, known: Collection[str], sent: Mapping[str, object], errors: list[Fault]
) -> dict[str, object]:
    """Give the values that nobody asks for to a class that takes them, or refuse them for one that does not.

    Args:
        others: What the class says of them.
        source: The part of the request.
        known: The names that the class, and other arguments, ask for.
        sent: What the client sent, by name; the last value of each counts.
        errors: Where faults go.
    """
    found: dict[str, object] = {}
    for name in sent:
        if name in known or not name:
            continue
        if len(errors) >= MOST_FAULTS:
            break
        value = sent[name]
        if others == "forbid":
            errors.append(describe_fault(source, (name,), "unknown", "There is no such field."))
        elif "\0" in name or (isinstance(value, str) and "\0" in value):
            errors.append(describe_fault(source, (name,), "invalid", f"{shorten(value)} is not text."))
        else:
            found[name] = value
    return found


def _config(kind: object) -> Mapping[str, object]:
    """Give the settings of a pydantic model, or of one of pydantic's dataclasses."""
    return cast("Mapping[str, object]", getattr(kind, "model_config", None) or getattr(kind, "__pydantic_config__", {}))


def _iter_struct(kind: object) -> Iterator[tuple[str, str, object, object]]:
    import msgspec  # loaded already where there is a Struct

    for one in msgspec.structs.fields(cast("Any", kind)):
        default: object = UNSET
        if one.default is not msgspec.NODEFAULT:
            default = one.default
        elif one.default_factory is not msgspec.NODEFAULT:
            default = Factory(one.default_factory)
        yield one.name, one.encode_name, one.type, default


def _iter_dataclass(kind: type, given: tuple[object, ...]) -> Iterator[tuple[str, str, object, object]]:
    hints: dict[str, object] = get_type_hints(kind, include_extras=True)
    if given:
        chosen = dict(zip(cast("Any", kind).__parameters__, given, strict=True))
        hints = {name: _fill(hint, chosen) for name, hint in hints.items()}
    for one in dataclasses.fields(kind):
        default: object = UNSET
        if one.default is not dataclasses.MISSING:
            default = one.default
        elif one.default_factory is not dataclasses.MISSING:
            default = Factory(one.default_factory)
        if one.init:
            yield one.name, one.name, hints[one.name], default


def _iter_texts(handler: str, kind: type, source: type[Marker], read: _Reader) -> Iterator[Argument]:
    """Give the fields of a pydantic model as plain texts, which the model itself converts.

    Each has the name by which the model takes it; one that may have several names is given as often.
    """
    described = cast("dict[str, _ModelField]", vars(kind).get("__pydantic_fields__", {}))
    config = _config(kind)
    by_name = bool(config.get("populate_by_name") or config.get("validate_by_name"))
    by_alias = config.get("validate_by_alias", True) is not False
    for name, one in described.items():
        single, _, _ = split_optional(one.annotation)
        is_list = find_shape(single) is not None or get_origin(single) is tuple
        argument = read(handler, name, list[str] if is_list else str, None, source=source)
        aliases = list(_iter_aliases(handler, name, one.validation_alias)) if by_alias else []
        if by_name or not aliases:
            yield argument
        for alias in aliases:
            # The model knows it by its alias, however that is spelt in a header.
            sent_as = alias.lower() if argument.kind == "header" else alias
            yield dataclasses.replace(argument, name=alias, key=sent_as)


def _iter_aliases(handler: str, name: str, alias: object) -> Iterator[str]:
    """Give the names of a field that pydantic's ``alias``, ``validation_alias`` or ``AliasChoices`` stands for."""
    for one in getattr(alias, "choices", [alias]):
        if isinstance(one, str):
            yield one
        elif one is not None:
            raise RouteError(f"handler {handler}: {one!r} of {name!r} is a way into a value, and a text has no inside")


def _fill(hint: object, chosen: Mapping[object, object]) -> object:
    """Put types in the place of the parameters of a generic class."""
    inner: tuple[object, ...] = getattr(hint, "__parameters__", ())
    if hint in chosen:
        return chosen[hint]
    return cast("Any", hint)[tuple(chosen.get(one, one) for one in inner)] if inner else hint

"""What a setting's annotation means: which values fit, how they are brought into shape, how the type is written."""

import inspect
import os
import re
import sys
import types
import typing
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Final, Literal, Union

__all__ = [
    "class_variable_type",
    "declared_types",
    "describe",
    "fit",
    "has_kind",
    "infer",
    "is_container",
    "is_setting_name",
    "matches",
    "members",
    "own_annotations",
    "resolve",
]

_CONTAINERS: Final = (tuple, list, dict, set, frozenset)
_PLAIN: Final = (bool, int, float, str, bytes, tuple, list, dict, set, frozenset, timedelta)


def is_setting_name(name: str) -> bool:
    """Tell whether a name is that of a setting: upper case, and not starting with an underscore."""
    return name.isupper() and not name.startswith("_")


def own_annotations(owner: type | types.ModuleType) -> dict[str, object]:
    """Give the annotations written in the body of one class or module, as written: types or text."""
    if sys.version_info >= (3, 14):
        # PEP 649 evaluates on demand; what exists for the type checker only stays a forward reference.
        import annotationlib

        return annotationlib.get_annotations(owner, format=annotationlib.Format.FORWARDREF)
    return inspect.get_annotations(owner)


def declared_types(cls: type) -> dict[str, object]:
    """Give each annotated name of a class its type; ``object`` where the annotation cannot be read.

    The first declaration along the inheritance wins: code that reads a setting was written against it, so a
    subclass that annotates it anew changes the value and not what the value must be.
    """
    found: dict[str, object] = {}
    for owner in reversed(cls.__mro__):
        module = sys.modules.get(owner.__module__)
        for name, annotation in own_annotations(owner).items():
            if found.get(name, object) is object:
                found[name] = resolve(annotation, vars(module) if module else {}, vars(owner))
    return found


def resolve(annotation: object, module: Mapping[str, object], body: Mapping[str, object] | None = None) -> object:
    """Evaluate an annotation that is text; ``object`` where that is not possible.

    Args:
        annotation: A type, or text that names one.
        module: The names of the module it stands in.
        body: The names of the class it stands in; None outside one.
    """
    if not isinstance(annotation, str):
        return annotation
    # A class, since ClassVar means nothing elsewhere.
    holder = type("holder", (), {"__annotations__": {"setting": annotation}})
    try:
        return typing.get_type_hints(holder, dict(module), dict(body or {}))["setting"]
    except (NameError, AttributeError, SyntaxError, TypeError):
        return object  # a name that exists for the type checker only, or no type at all


def infer(value: object) -> object:
    """Give the type that a name without annotation is taken to have: that of its value, if it is a plain one."""
    return next((kind for kind in _PLAIN if isinstance(value, kind)), object)


def members(annotation: object) -> tuple[object, ...]:
    """Give the alternatives of a union, or the annotation alone; what is around a type is taken off it."""
    origin = typing.get_origin(annotation)
    if origin in (Annotated, ClassVar, Final):
        return members(typing.get_args(annotation)[0])
    if origin is Union or origin is types.UnionType:
        return tuple(member for part in typing.get_args(annotation) for member in members(part))
    return (annotation,)


def class_variable_type(annotation: object, module: Mapping[str, object]) -> object:
    """Give what stands inside a ``ClassVar``: a type, or text that names one.

    Args:
        annotation: A type, or text that names one.
        module: The names of the module it stands in.

    Returns:
        ``object`` where nothing stands inside; None if the annotation is no ``ClassVar``.
    """
    if isinstance(annotation, str):
        name, bracket, inner = annotation.partition("[")
        if resolve(name.strip(), module) is not ClassVar:
            return None
        return inner.strip().removesuffix("]") if bracket else object
    if annotation is ClassVar:
        return object
    return typing.get_args(annotation)[0] if typing.get_origin(annotation) is ClassVar else None


def describe(annotation: object) -> str:
    """Write a type as its source would: ``tuple[str, ...]``, ``int | None``."""
    return " | ".join(_write(member) for member in members(annotation))


def matches(value: object, annotation: object) -> bool:
    """Tell whether a value is of a type; what cannot be checked at run time counts as fitting."""
    return any(_is_a(value, member) for member in members(annotation))


def has_kind(value: object, annotation: object) -> bool:
    """Tell whether a value is of a type, whatever stands inside it: any dict is a ``dict[str, int]``."""
    return any(_is_a(value, typing.get_origin(member) or member) for member in members(annotation))


def is_container(annotation: object) -> bool:
    """Tell whether a type, or an alternative of it, holds items."""
    return any((typing.get_origin(member) or member) in _CONTAINERS for member in members(annotation))


def fit(value: object, annotation: object) -> object:
    """Bring a value into the shape that the type asks for, where nothing is lost by it.

    A list becomes a tuple where the type is a tuple, a path becomes text where the type is text, and so do paths
    inside a tuple of texts. Everything else is given back as it is.
    """
    options = members(annotation)
    origins = [typing.get_origin(option) or option for option in options]
    if tuple in origins and (type(value) is tuple or (type(value) is list and list not in origins)):
        arguments = typing.get_args(options[origins.index(tuple)])
        item = arguments[0] if arguments[1:] == (Ellipsis,) else object
        return tuple(fit(part, item) for part in value)
    if isinstance(value, os.PathLike) and str in origins and not matches(value, annotation):
        return os.fspath(value)
    return value


def _write(member: object) -> str:
    if member is None or member is types.NoneType:
        return "None"
    if isinstance(member, type) and not typing.get_args(member):
        return member.__qualname__
    return re.sub(r"\b(?:typing|datetime|collections\.abc)\.", "", str(member))


def _is_a(value: object, member: object) -> bool:
    if member is Any or member is object:
        return True
    if member is None:
        return value is None
    if member is int or member is float:
        # bool is an int to Python; a setting that counts something is not a switch.
        return isinstance(value, int if member is int else int | float) and not isinstance(value, bool)
    origin, arguments = typing.get_origin(member), typing.get_args(member)
    if origin is Literal:
        return any(value == choice and type(value) is type(choice) for choice in arguments)
    kind = origin or member
    if not isinstance(kind, type):
        return True
    try:
        if not isinstance(value, kind):
            return False
    except TypeError:
        return True  # TypedDict and some protocols refuse isinstance
    return _items_match(value, arguments)


def _items_match(value: object, arguments: tuple[object, ...]) -> bool:
    if isinstance(value, tuple) and arguments and arguments[-1] is not Ellipsis:
        return len(value) == len(arguments) and all(map(matches, value, arguments))
    if isinstance(value, Mapping) and len(arguments) == 2:
        return _all_match(value.keys(), arguments[0]) and _all_match(value.values(), arguments[1])
    if isinstance(value, tuple | list | set | frozenset) and arguments:
        return _all_match(value, arguments[0])
    return True


def _all_match(values: Iterable[object], annotation: object) -> bool:
    return all(matches(value, annotation) for value in values)

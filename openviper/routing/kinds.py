"""What sort of class an annotation names, told without loading the package that made it."""

import types
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping, MutableSequence, Sequence
from collections.abc import Set as AbstractSet
from typing import Annotated, Final, Union, get_args, get_origin

__all__ = [
    "find_shape",
    "is_body",
    "is_pydantic",
    "is_record",
    "is_struct",
    "is_typed_dict",
    "is_upload",
    "split_optional",
    "unfold",
]

_UPLOADS: Final = ("openviper.http.uploads", "UploadFile")
# What collections of values are made with; an abstract one is what it allows.
_SHAPES: Final[dict[object, Callable[[Iterable[object]], Collection[object]]]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    deque: deque,
    Sequence: list,
    MutableSequence: list,
    Collection: list,
    Iterable: list,
    AbstractSet: frozenset,
}
_OBJECTS: Final = (dict, Mapping, MutableMapping)


def is_struct(kind: object) -> bool:
    """Tell whether it is a msgspec Struct."""
    return _has(kind, "__struct_config__")


def is_pydantic(kind: object) -> bool:
    """Tell whether pydantic validates it: one of its models, or of its dataclasses."""
    return _has(kind, "__pydantic_validator__")


def is_typed_dict(kind: object) -> bool:
    """Tell whether it is a TypedDict."""
    return isinstance(kind, type) and issubclass(kind, dict) and _has(kind, "__total__")


def is_record(kind: object) -> bool:
    """Tell whether it is a class with typed fields that can be made from JSON."""
    return is_struct(kind) or _has(kind, "__dataclass_fields__") or is_pydantic(kind) or is_typed_dict(kind)


def is_upload(kind: object) -> bool:
    """Tell whether it is the class of uploaded files, or one below it."""
    return isinstance(kind, type) and any((base.__module__, base.__qualname__) == _UPLOADS for base in kind.__mro__)


def is_body(annotation: object) -> bool:
    """Tell whether an argument without a marker is the body: a record, a dict, a union or a collection of them."""
    annotation = unfold(annotation)
    origin = get_origin(annotation)
    if origin is Annotated:
        return is_body(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        members = [member for member in get_args(annotation) if member is not types.NoneType]
        return all(map(is_body, members))
    if origin in _SHAPES:
        items = [item for item in get_args(annotation) if item is not Ellipsis]
        return any(map(is_body, items))
    return annotation in _OBJECTS or origin in _OBJECTS or is_record(origin or annotation)


def unfold(annotation: object) -> object:
    """Give what a NewType, or an alias written with ``type``, stands for; anything else as it is."""
    while type(annotation).__name__ in ("NewType", "TypeAliasType"):
        meant: object = getattr(annotation, "__supertype__", None) or getattr(annotation, "__value__", None)
        annotation = meant
    return annotation


def find_shape(annotation: object) -> Callable[[Iterable[object]], Collection[object]] | None:
    """Give what makes the collection that an annotation names, of any number of values of one type; None for others."""
    origin = get_origin(annotation)
    if origin is None:
        return _SHAPES.get(annotation) if annotation in (list, tuple, set, frozenset, deque) else None
    if origin is tuple and get_args(annotation)[1:] != (Ellipsis,):
        return None  # so many values, each of its own type
    return _SHAPES.get(origin)


def split_optional(annotation: object) -> tuple[object, bool, tuple[object, ...]]:
    """Take ``Annotated[X | None, ...]`` apart: X, whether None was there, and what it is annotated with."""
    annotation = unfold(annotation)
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *metadata = get_args(annotation)
        single, is_optional, within = split_optional(inner)
        return single, is_optional, (*within, *metadata)
    if origin not in (Union, types.UnionType):
        return annotation, False, ()
    members = [member for member in get_args(annotation) if member is not types.NoneType]
    if len(members) > 1:
        return annotation, len(members) < len(get_args(annotation)), ()
    single, _, metadata_within = split_optional(members[0])
    return single, True, metadata_within


def _has(kind: object, name: str) -> bool:
    return isinstance(kind, type) and any(name in vars(base) for base in kind.__mro__)

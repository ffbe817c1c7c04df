"""Defaults of dataclasses in what msgspec has decoded.

msgspec leaves a plain default to the class, where an attribute finds it, but neither ``vars`` nor an encoder does. What
puts them in is made once for a type, and looks only where such a dataclass can be: to walk whatever else a client has
sent took 2 s for 8 MB.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias, get_origin

import msgspec
from msgspec import inspect as described

from openviper.routing.findings import iter_types

__all__ = ["Completer", "find_completer"]

#: Puts the defaults into a value of one type, in place.
Completer: TypeAlias = Callable[[Any], None]

_Items: TypeAlias = described.ListType | described.SetType | described.FrozenSetType | described.VarTupleType
_CLASSES: Final[Mapping[type[described.Type], type]] = {
    described.ListType: list,
    described.SetType: set,
    described.FrozenSetType: frozenset,
    described.VarTupleType: tuple,
    described.TupleType: tuple,
    described.DictType: dict,
    described.TypedDictType: dict,
}


def find_completer(kind: object) -> Completer | None:
    """Make what completes values of a type.

    Args:
        kind: The type, as msgspec takes it.

    Returns:
        None where nothing has to be done.
    """
    return _Completers(described.type_info(kind)).find(described.type_info(kind))


class _Completers:
    """What completes each type within one, made once for each class, which may hold itself."""

    def __init__(self, whole: described.Type) -> None:
        self._defaults = {
            one.cls: found
            for one in iter_types(whole)
            # One with slots alone, which has no ``__dict__``, has its defaults in them.
            if isinstance(one, described.DataclassType) and _class_of(one).__dictoffset__
            if (found := _defaults_of(one))
        }
        self._records: dict[type, Completer] = {}

    def find(self, kind: described.Type) -> Completer | None:
        """Make what completes one type; None where no default can be missing within it."""
        if not any(getattr(one, "cls", None) in self._defaults for one in iter_types(kind)):
            return None
        if isinstance(kind, described.Metadata):
            return self.find(kind.type)
        if isinstance(kind, described.UnionType):
            return self._of_union(kind)
        if isinstance(kind, described.DictType):
            of_value = self.find(kind.value_type)
            return None if of_value is None else _of_values(of_value)
        if isinstance(kind, _Items):
            of_item = self.find(kind.item_type)
            return None if of_item is None else _of_items(of_item)
        if isinstance(kind, described.TupleType):
            return _of_parts({index: found for index, one in enumerate(kind.item_types) if (found := self.find(one))})
        if isinstance(kind, described.TypedDictType):
            return _of_keys({one.name: found for one in kind.fields if (found := self.find(one.type))})
        return self._of_record(kind)

    def _of_union(self, kind: described.UnionType) -> Completer:
        by_class: dict[type, Completer] = {}
        for one in kind.types:
            inner = one.type if isinstance(one, described.Metadata) else one
            found = self.find(inner)
            if found is not None:
                by_class[_CLASSES.get(type(inner)) or _class_of(inner)] = found

        def complete(value: Any) -> None:
            found = by_class.get(value.__class__)
            if found is not None:
                found(value)

        return complete

    def _of_record(self, kind: Any) -> Completer:
        known = self._records.get(kind.cls)
        if known is not None:
            return known

        def complete_later(value: Any) -> None:
            self._records[kind.cls](value)

        # A class that holds itself is given this one, which finds the other when it is needed.
        self._records[kind.cls] = complete_later
        own = list(self._defaults.get(kind.cls, {}).items())
        inner = [(one.name, found) for one in kind.fields if (found := self.find(one.type))]

        def complete_own(value: Any) -> None:
            found = value.__dict__
            for name, default in own:
                if name not in found:
                    found[name] = default

        def complete(value: Any) -> None:
            if own:
                complete_own(value)
            for name, complete_inner in inner:
                complete_inner(getattr(value, name))

        self._records[kind.cls] = complete if inner else complete_own
        return self._records[kind.cls]


def _of_items(complete: Completer) -> Completer:
    def complete_items(values: Any) -> None:
        for one in values:
            complete(one)

    return complete_items


def _of_values(complete: Completer) -> Completer:
    def complete_values(value: Any) -> None:
        for one in value.values():
            complete(one)

    return complete_values


def _of_parts(parts: Mapping[int, Completer]) -> Completer:
    def complete_parts(value: Any) -> None:
        for index, complete in parts.items():
            complete(value[index])

    return complete_parts


def _of_keys(parts: Mapping[str, Completer]) -> Completer:
    def complete_keys(value: Any) -> None:
        for name, complete in parts.items():
            if name in value:
                complete(value[name])

    return complete_keys


def _class_of(kind: Any) -> type:
    cls: type = get_origin(kind.cls) or kind.cls  # a generic one is described with what stands in its brackets
    return cls


def _defaults_of(kind: described.DataclassType) -> dict[str, object]:
    return {one.name: one.default for one in kind.fields if one.default is not msgspec.NODEFAULT}

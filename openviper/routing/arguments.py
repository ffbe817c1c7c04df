"""What a handler asks for, as data: its arguments, and what each of them is made of."""

import inspect
import types
import uuid
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from openviper.primitives.unset import UNSET, Unset
from openviper.routing.converters import Converter
from openviper.routing.params import Depends, Marker

__all__ = ["Argument", "Dependency", "Factory", "Handler", "HandlerSignature", "Kind", "Style"]

Handler: TypeAlias = Callable[..., object] | Callable[..., Awaitable[object]]
Kind: TypeAlias = Literal["request", "value", "path", "query", "header", "cookie", "body", "form", "file", "dependency"]
#: How a callable is called: awaited, in a thread, on the loop, or as a generator of either kind.
Style: TypeAlias = Literal["coroutine", "function", "class", "async generator", "generator"]

# Annotations that choose the converter of a path parameter which the pattern leaves open.
_IMPLIED: Final[dict[object, str]] = {int: "int", float: "float", uuid.UUID: "uuid", str: "str"}
_NO_RULES: Final[Mapping[str, object]] = types.MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Factory:
    """A default that is made anew for each request.

    Args:
        make: What makes it.
    """

    make: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a handler or of a dependency.

    Args:
        name: As the handler spells it.
        kind: The request itself, a ``value`` of the path or else the query, or what a marker names.
        annotation: The type of a single value; the request class for a request; ``inspect.Parameter.empty`` if none.
        is_list: Whether it takes every value of its name.
        shape: What makes a collection of these values, where it is to be no list.
        default: What it is without a value; UNSET when a value must be there.
        is_positional: Whether it is given by position, as decorators expect; one that is keyword-only is not.
        key: Its name in the request; empty takes that of the argument.
        rules: What holds for a single value, by the names of ``params.RULES``.
        list_rules: What holds for the list as a whole.
        declared: The whole annotation, as the type of a body; None where ``annotation`` says it all.
        marker: What the author wrote beside it; None if nothing.
        fields: The values that a class is made of, where several are taken as one argument; None otherwise.
        dependency: What makes it, for that kind only.
    """

    name: str
    kind: Kind
    annotation: object
    is_list: bool = False
    default: object | Unset = UNSET
    is_positional: bool = True
    key: str = ""
    rules: Mapping[str, object] = field(default_factory=dict)
    list_rules: Mapping[str, object] = field(default_factory=dict)
    declared: object = None
    marker: Marker | None = None
    fields: "tuple[Argument, ...] | None" = None
    dependency: "Dependency | None" = None
    shape: Callable[[Iterable[object]], Collection[object]] = list

    @property
    def sent_as(self) -> str:
        """The name in the request."""
        return self.key or self.name

    @property
    def implied_converter(self) -> str:
        """The path converter that the annotation asks for when the pattern names none."""
        # What rules refuse is a 422 with a reason, but a number that the converter refuses is a 404.
        return _IMPLIED.get(self.annotation, "str")

    @property
    def is_annotated(self) -> bool:
        """Whether the handler says what it is."""
        return self.annotation is not inspect.Parameter.empty

    @property
    def may_be_in_path(self) -> bool:
        """Whether a parameter of the path may give it."""
        return self.kind in ("value", "path")

    def converts(self, converter: Converter) -> bool:
        """Tell whether what a path converter gives is left to be converted to the annotated type."""
        if self.rules:
            return True
        # A dependency may take as text what the handler takes as a number.
        return self.is_annotated and converter.gives not in (None, self.annotation)


@dataclass(frozen=True, slots=True)
class HandlerSignature:
    """The arguments of a handler or dependency, and how it is called."""

    name: str
    arguments: tuple[Argument, ...]
    style: Style
    returns: object = inspect.Parameter.empty

    def iter_arguments(self) -> Iterator[Argument]:
        """Give the arguments, those of the dependencies after the one that they are for."""
        for argument in self.arguments:
            yield argument
            if argument.dependency is not None:
                yield from argument.dependency.signature.iter_arguments()


@dataclass(frozen=True, slots=True, eq=False)
class Dependency:
    """A callable that makes an argument, with what it asks for itself.

    Args:
        call: The callable.
        signature: Its arguments, and how it is called.
        marker: What the author wrote: cache, scope and whether it blocks.
        hides_generator: Whether it is a decorator around a generator function, so that it may give a generator.
    """

    call: Callable[..., object]
    signature: HandlerSignature
    marker: Depends
    hides_generator: bool = False

    @property
    def identity(self) -> object:
        """What two dependencies on the same callable have in common, and can be looked up by."""
        try:
            hash(self.call)
        except TypeError:
            return id(self.call)  # such as an object of a dataclass, which the route keeps alive
        return self.call

    @property
    def cleans_up(self) -> bool:
        """Whether something follows the value."""
        return self.hides_generator or "generator" in self.signature.style

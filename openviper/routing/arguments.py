"""What a handler asks for: its arguments, read from its signature when the route is registered."""

import datetime as dt
import decimal
import enum
import functools
import inspect
import types
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias, Union, cast, get_args, get_origin

from openviper.http.request import Request
from openviper.primitives.unset import UNSET, Unset
from openviper.routing.exceptions import RouteError

__all__ = ["Argument", "Handler", "HandlerSignature", "read_signature"]

Handler: TypeAlias = Callable[..., object] | Callable[..., Awaitable[object]]

_SIMPLE_TYPES: Final = (str, int, float, bool, uuid.UUID, decimal.Decimal, dt.date, dt.time, dt.timedelta, enum.Enum)
# Annotations that choose the converter of a path parameter which the pattern leaves open.
_IMPLIED: Final[dict[object, str]] = {int: "int", float: "float", uuid.UUID: "uuid", str: "str"}


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a handler.

    Args:
        name: As the handler spells it.
        kind: The request itself, or a value of the path or query.
        annotation: The type of a single value; the request class for a request.
        is_list: Whether it takes every value of its name; only a query has several.
        default: What it is without a value; UNSET when a value must be there.
        is_positional: Whether it can be given by position only.
    """

    name: str
    kind: Literal["request", "value"]
    annotation: object
    is_list: bool = False
    default: object | Unset = UNSET
    is_positional: bool = False

    @property
    def implied_converter(self) -> str:
        """The path converter that the annotation asks for when the pattern names none."""
        return _IMPLIED.get(self.annotation, "str")

    @property
    def is_converted_by_path(self) -> bool:
        """Whether a path converter gives the annotated type, so that nothing is left to convert."""
        return self.annotation in _IMPLIED


@dataclass(frozen=True, slots=True)
class HandlerSignature:
    """The arguments of a handler, and whether calling it gives an awaitable."""

    name: str
    arguments: tuple[Argument, ...]
    is_async: bool


def read_signature(handler: Handler) -> HandlerSignature:
    """Find out what a handler asks for.

    Raises:
        RouteError: It cannot be called, an annotation names something unknown, or an argument is of a type that
            no part of a request gives; handler and argument are named.
    """
    if not callable(handler):
        raise RouteError(f"a route needs a function or another callable as its handler, not {handler!r}")
    name = _describe(handler)
    try:
        parameters = inspect.signature(handler, eval_str=True).parameters.values()
    except NameError as error:
        raise RouteError(f"handler {name}: an annotation names {error.name!r}, which is not defined there") from error
    except (TypeError, ValueError) as error:
        raise RouteError(f"handler {name}: its signature cannot be read: {error}") from error
    taken = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    return HandlerSignature(name, tuple(_read_argument(name, parameter) for parameter in taken), _is_async(handler))


def _read_argument(handler: str, parameter: inspect.Parameter) -> Argument:
    annotation: object = parameter.annotation
    default: object = UNSET if parameter.default is parameter.empty else parameter.default
    positional = parameter.kind is parameter.POSITIONAL_ONLY
    if annotation is parameter.empty:
        # Without an annotation it may be a path parameter; where the path has none of the name, it is the request.
        kind: Literal["request", "value"] = "request" if parameter.name in ("request", "req") else "value"
        return Argument(parameter.name, kind, parameter.empty, default=default, is_positional=positional)
    if isinstance(annotation, type) and issubclass(annotation, Request):
        return Argument(parameter.name, "request", annotation, default=default, is_positional=positional)
    single, is_optional = _without_none(annotation)
    is_list = get_origin(single) is list or single is list
    if is_list:
        single, _ = _without_none((get_args(single) or (str,))[0])
    if not _is_simple(single):
        raise RouteError(
            f"handler {handler}: the argument {parameter.name!r} is of type {_type_name(annotation)}, which no part of "
            "a request gives; take the Request, a path parameter, or a str, int, float, bool, Decimal, UUID, date, "
            "datetime, time, Enum or Literal of the query (also as list, or with None)"
        )
    if default is UNSET and is_optional:
        default = None
    return Argument(parameter.name, "value", single, is_list, default, positional)


def _without_none(annotation: object) -> tuple[object, bool]:
    """Split ``X | None`` into X and whether None was there; an Annotated type stands for what it annotates."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) not in (Union, types.UnionType):
        return annotation, False
    members = [member for member in get_args(annotation) if member is not types.NoneType]
    is_optional = len(members) < len(get_args(annotation))
    return (members[0] if len(members) == 1 else annotation), is_optional


def _is_simple(annotation: object) -> bool:
    if get_origin(annotation) is Literal:
        return True
    return isinstance(annotation, type) and issubclass(annotation, _SIMPLE_TYPES)


def _is_async(handler: Handler) -> bool:
    inner: object = handler
    while isinstance(inner, functools.partial):
        inner = inner.func
    if inspect.iscoroutinefunction(inner):
        return True
    return not inspect.isroutine(inner) and inspect.iscoroutinefunction(
        inspect.getattr_static(type(inner), "__call__", None)
    )


def _describe(handler: Handler) -> str:
    inner = cast("object", handler)
    while isinstance(inner, functools.partial):
        inner = inner.func
    qualname = getattr(inner, "__qualname__", type(inner).__qualname__)
    return f"{getattr(inner, '__module__', '?')}.{qualname}"


def _type_name(annotation: object) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)

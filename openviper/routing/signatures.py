"""From the signature of a handler to its arguments, when a route is registered."""

import dataclasses
import functools
import inspect
import types
from collections.abc import Iterator, Mapping
from typing import Final, get_args, get_origin, get_type_hints

from openviper.http.request import Request
from openviper.primitives.unset import UNSET
from openviper.routing.arguments import Argument, Dependency, Factory, Handler, HandlerSignature, Kind, Style
from openviper.routing.exceptions import RouteError
from openviper.routing.kinds import find_shape, is_body, is_record, is_upload, split_optional
from openviper.routing.params import Depends, Marker
from openviper.routing.readers import is_readable

__all__ = ["read_dependency", "read_signature", "read_value"]

_IN_HEADERS: Final = str.maketrans("", "", "-_.")
_REQUEST_NAMES: Final = ("request", "req")


def read_signature(handler: Handler, *, within: tuple[object, ...] = ()) -> HandlerSignature:
    """Find out what a handler asks for.

    Args:
        handler: The function or another callable.
        within: The callables that depend on it, the outermost first; a dependency of its own is a mistake.

    Raises:
        RouteError: It cannot be called, an annotation cannot be evaluated, or an argument is of a type that no part
            of a request gives; handler and argument are named.
    """
    if not callable(handler):
        raise RouteError(f"a route needs a function or another callable as its handler, not {handler!r}")
    name = _describe(handler)
    if isinstance(handler, type) and not within:
        raise RouteError(
            f"handler {name} is a class; a route needs a function, or {handler.__name__}.as_view() where it is a View"
        )
    if handler in within:
        raise RouteError(f"{' -> '.join(map(_describe, (*within, handler)))}: a dependency cannot depend on itself")
    try:
        signature = inspect.signature(handler)
    except (TypeError, ValueError) as error:
        raise RouteError(f"handler {name}: its signature cannot be read: {error}") from error
    layers = list(_iter_layers(handler))
    # A partial lets its keywords be overridden, so a client could set what the author has fixed.
    bound = {keyword for layer in layers if isinstance(layer, functools.partial) for keyword in layer.keywords}
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    taken = [p for p in signature.parameters.values() if p.kind not in variadic and p.name not in bound]
    names = _names_around(layers[-1])
    arguments = tuple(_read_argument(name, one, names, (*within, handler)) for one in taken)
    if len(layers) > 1:
        arguments = _with_hidden_request(name, layers, arguments)
    return HandlerSignature(name, arguments, _find_style(handler), signature.return_annotation)


def read_dependency(marker: Depends, *, within: tuple[object, ...], annotation: object = None) -> Dependency:
    """Find out what a dependency asks for.

    Args:
        marker: What the author wrote.
        within: The callables that depend on it, the outermost first; at least one.
        annotation: The class to make where the marker names nothing.

    Raises:
        RouteError: It is no callable, depends on itself, asks for what no part of a request gives, or lives longer
            than what it asks for.
    """
    call = annotation if marker.dependency is None else marker.dependency
    owner = _describe(within[-1])
    if not callable(call):
        raise RouteError(f"handler {owner}: {marker!r} needs a function or another callable, not {call!r}")
    signature = read_signature(call, within=within)
    if marker.scope not in ("request", "app"):
        raise RouteError(f"handler {owner}: scope={marker.scope!r} of {marker!r} is neither 'request' nor 'app'")
    for argument in signature.arguments if marker.scope == "app" else ():
        lasting = argument.dependency is not None and argument.dependency.marker.scope == "app"
        if not lasting:
            raise RouteError(
                f"{signature.name} lives as long as the application (scope='app'), so its argument "
                f"{argument.name!r} cannot come from a request; take Depends(..., scope='app') or nothing"
            )
    hides = signature.style in ("coroutine", "function") and _hides_generator(call)
    return Dependency(call, signature, marker, hides)


def _iter_layers(handler: object) -> Iterator[object]:
    """Go from a handler through partials, decorators and methods to the function or object within."""
    yield handler
    while True:
        if isinstance(handler, functools.partial):
            handler = handler.func
        elif isinstance(handler, types.MethodType):
            handler = handler.__func__
        elif hasattr(handler, "__wrapped__"):
            handler = handler.__wrapped__
        else:
            return
        yield handler


def _with_hidden_request(handler: str, layers: list[object], arguments: tuple[Argument, ...]) -> tuple[Argument, ...]:
    """Add the request that a decorator takes for itself, in front of a function that asks for none.

    Raises:
        RouteError: The function takes the request as well, in another place than the first.
    """
    if not any(map(_takes_request, layers[:-1])) or (arguments and arguments[0].kind == "request"):
        return arguments
    if any(argument.kind == "request" for argument in arguments):
        raise RouteError(
            f"handler {handler}: a decorator of it takes the request first; let the function do so as well"
        )
    if arguments and not arguments[0].is_annotated and arguments[0].kind == "value":
        return arguments  # without an annotation it may be the request itself; the path will tell
    return (Argument("request", "request", Request), *arguments)


def _takes_request(layer: object) -> bool:
    """Tell whether the first argument of a decorator's own function is the request; ``wraps`` hides it."""
    if not isinstance(layer, types.FunctionType):
        return False
    first = next(iter(inspect.signature(layer, follow_wrapped=False).parameters.values()), None)
    if first is None or first.kind not in (first.POSITIONAL_ONLY, first.POSITIONAL_OR_KEYWORD):
        return False
    annotation: object = first.annotation
    is_request = isinstance(annotation, type) and issubclass(annotation, Request)
    return is_request or first.name in _REQUEST_NAMES


def _names_around(function: object) -> dict[str, object]:
    """Give the names that annotations written as text can use."""
    if isinstance(function, type):
        # A dataclass or a Struct writes its ``__init__`` elsewhere; its annotations belong to its own module, and those
        # of fields that it inherits to the modules of their classes. The module of the ``__init__`` counts before all.
        import sys

        bases = [base for base in function.__mro__ if base is not object]
        owner = next((base for base in bases if "__init__" in vars(base)), function)
        modules = [sys.modules.get(base.__module__, types) for base in (owner, *bases)]
        return {name: value for module in reversed(modules) for name, value in vars(module).items()}
    if not isinstance(function, types.FunctionType):
        called: object = getattr(function, "__call__")  # noqa: B004, B009 - fetched, not asked for
        function = list(_iter_layers(called))[-1]
    return getattr(function, "__globals__", {})


def _read_argument(
    handler: str, parameter: inspect.Parameter, names: dict[str, object], within: tuple[object, ...]
) -> Argument:
    name = parameter.name
    default: object = UNSET if parameter.default is parameter.empty else parameter.default
    positional = parameter.kind is not parameter.KEYWORD_ONLY
    is_bare = parameter.annotation is parameter.empty
    if is_bare and not isinstance(default, Marker | Depends):
        # Without an annotation it may be a path parameter; where the path has none of the name, it is the request.
        kind: Kind = "request" if name in _REQUEST_NAMES else "value"
        return Argument(name, kind, parameter.empty, default=default, is_positional=positional)
    annotation: object = str if is_bare else _evaluate(handler, parameter, names)
    depends = _find_depends(handler, name, annotation, default)
    if depends is not None:
        single, _, _ = split_optional(annotation)
        dependency = read_dependency(depends, within=within, annotation=None if is_bare else single)
        return Argument(name, "dependency", single, is_positional=positional, dependency=dependency)
    return read_value(handler, name, annotation, default, is_positional=positional)


def read_value(
    handler: str,
    name: str,
    annotation: object,
    default: object,
    *,
    is_positional: bool = True,
    source: type[Marker] | None = None,
) -> Argument:
    """Find out where a value comes from, and what holds for it.

    Args:
        handler: Who asks for it, for a message.
        name: The name of the argument, or of a field of a class that takes several values.
        annotation: Its type, evaluated.
        default: What it is without a value, or a marker; UNSET if there is neither.
        is_positional: Whether it is given by position.
        source: The marker that a field without one has from its class; None for an argument.

    Raises:
        RouteError: No part of a request gives such a value, or a rule does not fit it.
    """
    single, is_optional, metadata = split_optional(annotation)
    markers = [one for one in metadata if isinstance(one, Marker)]
    # ``Annotated[int, Query]`` without a call means the marker all the same.
    markers += [one() for one in metadata if isinstance(one, type) and issubclass(one, Marker)]
    if isinstance(default, Marker):
        markers.append(default)
        default = UNSET
    if len(markers) > 1:
        raise RouteError(f"handler {handler}: the argument {name!r} has several markers, {markers}; one is enough")
    marker = markers[0] if markers else None if source is None else source()
    if marker is not None and default is UNSET:
        default = marker.default if marker.default_factory is None else Factory(marker.default_factory)
    if default is ...:
        default = UNSET  # ``Query(...)``, as others write a value that must be there
    if isinstance(single, type) and issubclass(single, Request) and marker is None:
        return Argument(name, "request", single, default=default, is_positional=is_positional)
    if default is UNSET and is_optional:
        default = None
    shape = find_shape(single)
    is_list = shape is not None
    item, _, item_metadata = split_optional((get_args(single) or (str,))[0]) if is_list else (single, False, ())
    kind = _find_kind(marker, annotation, single, item)
    key = _sent_as(handler, kind, name, marker)
    if kind == "body":
        return Argument(name, kind, single, False, default, is_positional, key, declared=annotation, marker=marker)
    record = single if get_origin(single) is None else get_origin(single)
    is_single = (is_upload(item) or item is bytes) if kind == "file" else is_readable(item)
    if kind is None or not (is_single or (kind != "file" and is_record(record))):
        raise RouteError(
            f"handler {handler}: the argument {name!r} is of type {_type_name(annotation)}, which no part of "
            "a request gives; take the Request, a body (Struct, dataclass, TypedDict, pydantic model, dict), an "
            "UploadFile, Depends(...), or a str, int, float, bool, Decimal, UUID, date, datetime, time, timedelta, or "
            "an Enum or Literal of only str or only int (also as list, set, tuple[X, ...] or Sequence, or with None)"
        )
    if kind not in ("value", "file", "path") and is_record(record):
        from openviper.routing.groups import read_fields  # only classes of several values need it

        fields = read_fields(handler, single, Marker if marker is None else type(marker), read_value)
        return Argument(name, kind, record, False, default, is_positional, key, marker=marker, fields=fields)
    rules, list_rules = _read_rules(handler, name, marker, (metadata, item_metadata), item, is_list=is_list)
    found = Argument(name, kind, item, is_list, default, is_positional, key, rules, list_rules, marker=marker)
    return found if shape in (None, list) else dataclasses.replace(found, shape=shape)


def _find_kind(marker: Marker | None, annotation: object, single: object, item: object) -> Kind | None:
    """Decide where a value comes from; None where its type comes from nowhere."""
    if marker is not None:
        is_file = marker.source in ("form", "file") and is_upload(item)
        return "file" if is_file else marker.source
    if is_upload(item):
        return "file"
    if is_readable(item):
        return "value"
    return "body" if is_body(single if get_origin(annotation) is not None else annotation) else None


def _sent_as(handler: str, kind: Kind | None, name: str, marker: Marker | None) -> str:
    # RFC 9110 5.1: names of header fields are case-insensitive, and underscores are not used in them.
    implied = name.replace("_", "-") if kind == "header" else name
    alias = implied if marker is None or marker.alias is None else marker.alias
    if kind == "header":
        # RFC 9110 5.1: the name of a field is a token. Of those, letters, digits and a few signs are in use.
        if not alias.isascii() or not alias.translate(_IN_HEADERS).isalnum():
            raise RouteError(f"handler {handler}: {alias!r} is no name of a header field; give an alias like 'x-token'")
        return alias.lower()
    return alias


def _read_rules(
    handler: str,
    name: str,
    marker: Marker | None,
    metadata: tuple[tuple[object, ...], tuple[object, ...]],
    kind: object,
    *,
    is_list: bool,
) -> tuple[Mapping[str, object], Mapping[str, object]]:
    """Give the rules for one value and those for the list of them; lengths beside a list are about the list."""
    outer, inner = metadata
    others = [one for one in (*outer, *inner) if not isinstance(one, Marker)]
    if not others and (marker is None or not marker.rules):
        return {}, {}
    from openviper.routing.rules import find_rules, find_unkept, misplaced_rule  # only values with rules need it

    for unkept in filter(None, map(find_unkept, others)):
        raise RouteError(
            f"handler {handler}: the argument {name!r} is annotated with {unkept!r}, which nothing here would look at; "
            "use the options of a marker, or a pydantic model"
        )
    own = {rule: limit for one in outer for rule, limit in find_rules(one).items()} | (marker.rules if marker else {})
    each = {rule: limit for one in inner for rule, limit in find_rules(one).items()}
    lengths: tuple[str, ...] = ("min_length", "max_length") if is_list else ()
    whole = {rule: own.pop(rule) for rule in lengths if rule in own}
    each |= own
    wrong = misplaced_rule(each, kind, is_list=False) or misplaced_rule(whole, list, is_list=True)
    if wrong is not None:
        raise RouteError(f"handler {handler}: the rule {wrong} of the argument {name!r} does not fit its type")
    return each, whole


def _find_depends(handler: str, name: str, annotation: object, default: object) -> Depends | None:
    _, _, metadata = split_optional(annotation)
    found = [one for one in metadata if isinstance(one, Depends)]
    found += [one() for one in metadata if one is Depends]
    found += [default] if isinstance(default, Depends) else []
    if found and (len(found) > 1 or isinstance(default, Marker) or any(isinstance(one, Marker) for one in metadata)):
        raise RouteError(
            f"handler {handler}: the argument {name!r} is marked with Depends and with something else; one is enough"
        )
    return found[0] if found else None


def _evaluate(handler: str, parameter: inspect.Parameter, names: dict[str, object]) -> object:
    """Give an annotation that may be written as text; that of the result, and those of others, do not matter."""
    if isinstance(parameter.annotation, type):
        return parameter.annotation
    written = types.SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    try:
        return get_type_hints(written, names, include_extras=True)[parameter.name]
    except (NameError, AttributeError, SyntaxError, TypeError) as error:
        raise RouteError(
            f"handler {handler}: the annotation of {parameter.name!r} cannot be evaluated: {error}"
        ) from error


def _find_style(handler: object) -> Style:
    inner = handler
    while isinstance(inner, functools.partial):
        inner = inner.func
    if isinstance(inner, type):
        return "class"
    called = inner if inspect.isroutine(inner) else inspect.getattr_static(type(inner), "__call__", None)
    if inspect.iscoroutinefunction(inner) or inspect.iscoroutinefunction(called):
        return "coroutine"
    if inspect.isasyncgenfunction(called):
        return "async generator"
    return "generator" if inspect.isgeneratorfunction(called) else "function"


def _hides_generator(call: object) -> bool:
    """Tell whether decorators stand around a generator function; what they give is then looked at."""
    layers = list(_iter_layers(call))
    if not inspect.isroutine(layers[-1]):
        layers += _iter_layers(inspect.getattr_static(type(layers[-1]), "__call__", None))
    return any(inspect.isgeneratorfunction(one) or inspect.isasyncgenfunction(one) for one in layers)


def _describe(handler: object) -> str:
    inner = handler
    while isinstance(inner, functools.partial):
        inner = inner.func
    qualname = getattr(inner, "__qualname__", type(inner).__qualname__)
    return f"{getattr(inner, '__module__', '?')}.{qualname}"


def _type_name(annotation: object) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)

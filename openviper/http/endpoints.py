"""The methods of a class-based view as routes see them, read once when the view is registered."""

import inspect
import re
import types
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeVar, get_type_hints

from openviper.exceptions import ImproperlyConfigured
from openviper.http.request import Request

__all__ = ["Action", "Endpoint", "action", "is_action", "read_endpoints"]

F = TypeVar("F", bound=Callable[..., object])

_ACTION: Final = "__openviper_action__"
_HIDDEN: Final = "view_request_"
_IS_REQUEST: Final = ("request", "req")
# Annotations of arguments that become segments of the path.
_SEGMENT_KINDS: Final[dict[object, str]] = {
    inspect.Parameter.empty: "",
    str: "",
    int: ":int",
    float: ":float",
    uuid.UUID: ":uuid",
}
_parameters_in: Final = re.compile(r"\{([^}:]+)").findall


@dataclass(frozen=True, slots=True)
class Action:
    """What ``@action`` was told; see there."""

    methods: tuple[str, ...]
    detail: bool
    url_path: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of a view.

    Args:
        attribute: Its name.
        methods: The HTTP methods that it answers, in upper case.
        call: How it is called: awaited, run in a thread, or called for the iterator that it gives.
        takes_request: Whether its first argument is the request.
        segments: Arguments that become segments of the path, as they are written there.
        signature: Its arguments as a function that always takes a request first.
        action: What ``@action`` was told; None for a method named after an HTTP method.
    """

    attribute: str
    methods: tuple[str, ...]
    call: Literal["await", "thread", "iterate"]
    takes_request: bool
    segments: dict[str, str]
    signature: inspect.Signature
    action: Action | None = None

    def path_below(self, path: str, prefix: str) -> str:
        """Write the pattern of this method.

        The arguments after the request follow the path, unless it names them already; of an action for one object the
        first of them stands before the word of the action.

        Args:
            path: Where the view is registered; a slash at its end stays at the end.
            prefix: What stands in front, whose parameters are given as well.

        Raises:
            ImproperlyConfigured: An action for one object has no argument for it.
        """
        taken = _parameters_in(prefix + path)
        segments = [written for name, written in self.segments.items() if name not in taken]
        if self.action is not None:
            word = self.attribute if self.action.url_path is None else self.action.url_path.strip("/")
            names = list(self.segments)
            if self.action.detail and not names and not taken:
                raise ImproperlyConfigured(
                    f"action {self.attribute!r} is for one object (detail=True) and takes no argument that names it; "
                    "write def action(self, request, book_id: int)"
                )
            follows_object = self.action.detail and bool(names) and names[0] not in taken
            segments.insert(1 if follows_object else 0, word)
        added = "/".join(filter(None, segments))
        if not added:
            return path
        slash = "/" if path.endswith("/") and path != "/" else ""
        return f"{path.rstrip('/')}/{added}{slash}"


def action(
    methods: Sequence[str] = ("GET",), detail: bool = False, url_path: str | None = None, name: str | None = None
) -> Callable[[F], F]:
    """Make a method of a view an address of its own, below that of the view.

    Args:
        methods: HTTP methods in any case; a text is a single one.
        detail: Whether it is about one object, which the first argument after the request names; that argument stands
            before the word of the action in the path.
        url_path: The word, or words with slashes; None takes the name of the method, and empty adds nothing.
        name: What ``url_for`` finds it by; None makes ``<name of the view>-<name of the method, with dashes>``.

    Raises:
        TypeError: It stands above the method without parentheses.
    """
    given: object = methods
    if callable(given):
        raise TypeError("action is called: write @action() above the method")
    asked = (methods,) if isinstance(methods, str) else tuple(methods)

    def mark(function: F) -> F:
        setattr(function, _ACTION, Action(tuple(method.upper() for method in asked), detail, url_path, name))
        return function

    return mark


def read_endpoints(view: type, http_method_names: Sequence[str]) -> list[Endpoint]:
    """Read every method of a view that answers requests: those named after HTTP methods, then the actions.

    A class that has None in the place of a method has switched it off.

    Raises:
        ImproperlyConfigured: An action has the name of an HTTP method, or something is no method of an instance.
    """
    present = [name for name in http_method_names if getattr(view, name, None) is not None]
    found = [_read(_method(view, name), name, (name.upper(),), None) for name in present]
    for name, marked in _iter_actions(view):
        if name in http_method_names:
            raise ImproperlyConfigured(f"{view.__qualname__}.{name} is an action and the method for {name.upper()}")
        found.append(_read(_method(view, name), name, marked.methods, marked))
    return found


def is_action(member: object) -> bool:
    """Tell whether ``@action`` stands above what a class has."""
    return isinstance(getattr(member, _ACTION, None), Action)


def _method(view: type, name: str) -> Callable[..., object]:
    written = inspect.getattr_static(view, name)
    if isinstance(written, staticmethod | classmethod):
        raise ImproperlyConfigured(
            f"{view.__qualname__}.{name} is a {type(written).__name__}; a method of a view takes self, so write it "
            "without the decorator"
        )
    function: object = getattr(view, name)
    if not callable(function):
        raise ImproperlyConfigured(
            f"{view.__qualname__}.{name} is {function!r}, which is no method; write one, or None to switch it off"
        )
    return function


def _iter_actions(view: type) -> Iterator[tuple[str, Action]]:
    # In the order of definition, parents first; what a subclass replaces by a plain method is no action any more.
    names = dict.fromkeys(name for kind in reversed(view.__mro__) for name in vars(kind))
    for name in names:
        # As it is written: what a classmethod gives does not have what was set on the classmethod.
        marked = getattr(inspect.getattr_static(view, name, None), _ACTION, None)
        if isinstance(marked, Action):
            yield name, marked


def _read(function: Callable[..., object], name: str, methods: tuple[str, ...], marked: Action | None) -> Endpoint:
    try:
        _self, *parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"the method {name!r} of a view takes no self: {error}") from error
    parameters = [_evaluated(one, function) for one in parameters]
    takes_request = bool(parameters) and _is_request(parameters[0])
    after = parameters[1:] if takes_request else parameters
    segments = {
        one.name: f"{{{one.name}{_SEGMENT_KINDS[one.annotation]}}}"
        for one in after
        if one.kind is one.POSITIONAL_OR_KEYWORD and one.default is one.empty and _is_segment(one.annotation)
    }
    if not takes_request:
        hidden = inspect.Parameter(_HIDDEN, inspect.Parameter.POSITIONAL_ONLY, annotation=Request)
        parameters.insert(0, hidden)
    signature = inspect.Signature(parameters)
    return Endpoint(name, methods, _find_call(function), takes_request, segments, signature, marked)


def _evaluated(parameter: inspect.Parameter, function: Callable[..., object]) -> inspect.Parameter:
    """Give an argument with its annotation evaluated, where a module defers that, so that the path is the same."""
    if not isinstance(parameter.annotation, str):
        return parameter
    names: dict[str, object] = getattr(inspect.unwrap(function), "__globals__", {})
    written = types.SimpleNamespace(__annotations__={"it": parameter.annotation})
    try:
        return parameter.replace(annotation=get_type_hints(written, names, include_extras=True)["it"])
    except (NameError, AttributeError, SyntaxError, TypeError):
        return parameter  # the route says what is wrong with it, as for every handler


def _is_request(parameter: inspect.Parameter) -> bool:
    annotation = parameter.annotation
    if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
        return False
    if annotation is parameter.empty:
        return parameter.name in _IS_REQUEST
    if isinstance(annotation, str):
        return annotation.rpartition(".")[2] == "Request" or parameter.name in _IS_REQUEST
    return isinstance(annotation, type) and issubclass(annotation, Request)


def _is_segment(annotation: object) -> bool:
    # Annotations of projects may be anything, lists in Annotated among them, which have no hash.
    return isinstance(annotation, type) and annotation in _SEGMENT_KINDS


def _find_call(function: Callable[..., object]) -> Literal["await", "thread", "iterate"]:
    if inspect.iscoroutinefunction(function):
        return "await"
    return "iterate" if inspect.isasyncgenfunction(function) else "thread"

"""One handler: a function, what it waits for, and whether it can be called as it will be."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Final, TypeAlias

from openviper.db.hooks import EVENTS, VETOES

__all__ = ["UNKNOWN", "Function", "Handler", "check_event", "check_function", "describe_unknown", "name_of", "root_of"]

#: Called as ``function(instance, event=name, **extra)``; what it returns is awaited if that is possible.
Function: TypeAlias = Callable[..., object]


class _Unknown:
    """The value that a field had in a row which nobody has read; false."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "<unknown>"


#: Stands in ``previous_state`` for what a field held if that was never read: after unpickling, or ``only()``.
UNKNOWN: Final = _Unknown()

_MANY: Final[dict[str, object]] = {"model": None, "fields": ()}
#: What handlers of an event are given by name besides ``event``.
_EXTRA: Final[dict[str, dict[str, object]]] = {
    "on_change": {"previous_state": {}},
    "pre_bulk_create": {"model": None},
    "post_bulk_create": {"model": None},
    "pre_bulk_update": _MANY,
    "post_bulk_update": _MANY,
}


@dataclass(frozen=True, slots=True, eq=False)
class Handler:
    """A function that waits for an event of a model.

    Args:
        label: Of the model, ``"blog.Post"``.
        event: Its name.
        function: What is called.
        on_commit: Whether it waits for the commit of the transaction.
        module: Where it is from, which decides whether it may be called.
        is_trusted: Whether it may be called wherever it is from.
        is_stated: Whether a setting names it, rather than a decorator.
    """

    label: str
    event: str
    function: Function
    on_commit: bool
    module: str
    is_trusted: bool = False
    is_stated: bool = False

    @property
    def path(self) -> str:
        """The name of the function in messages."""
        return name_of(self.function)

    def is_same(self, other: "Handler") -> bool:
        """Tell whether this is another one anew: the same function, or the one of a module that was loaded again."""
        if (self.label, self.event) != (other.label, other.event):
            return False
        if self.function is other.function:
            return True
        # Functions inside others share their names; those of a module do not.
        return inspect.isfunction(self.function) and "<" not in self.path and self.path == other.path


def check_event(event: str, *, on_commit: bool) -> None:
    """Refuse an event that does not exist, or that cannot wait for a commit.

    Args:
        event: Its name.
        on_commit: Whether it is to wait for one.

    Raises:
        ValueError: It is one of these.
    """
    if event not in EVENTS:
        raise ValueError(describe_unknown(event))
    if on_commit and event in VETOES:
        raise ValueError(f"{event} comes before the statement, so its handlers cannot wait for the commit")


def describe_unknown(event: str) -> str:
    """Say that there is no such event, and which may have been meant.

    Args:
        event: The name that is none.
    """
    close = get_close_matches(str(event), EVENTS, n=1)
    meant = f"did you mean {close[0]!r}? " if close else ""
    return f"there is no event {event!r}; {meant}There are {', '.join(EVENTS)}"


def check_function(function: object, event: str) -> Function:
    """Give a function back, or refuse what cannot be called as handlers of an event are.

    Args:
        function: What is to be called.
        event: Name of the event.

    Raises:
        TypeError: It cannot; the message says how they are called.
    """
    if isinstance(function, type) or not callable(function):
        raise TypeError(f"{function!r} is no function, so it handles no {event}")
    called = inspect.unwrap(function.func if isinstance(function, partial) else function)
    if inspect.isgeneratorfunction(called) or inspect.isasyncgenfunction(called):
        raise TypeError(f"{name_of(function)} has a yield, so nobody would run it as a handler of {event}")
    try:
        signature = inspect.signature(function)
    except ValueError:
        return function  # those in C may have none that could be read
    extra = _EXTRA.get(event, {})
    try:
        signature.bind(object(), event=event, **extra)
    except TypeError as error:
        given = "".join(f", {name}=..." for name in ("event", *extra))
        raise TypeError(
            f"{name_of(function)} cannot be called as a handler of {event} is, with (instance{given}): {error}; "
            f"write def {getattr(function, '__name__', 'handler')}(instance, event, **extra)"
        ) from error
    return function


def name_of(function: object) -> str:
    """Give the dotted name of a function, as far as it has one."""
    inner = function.func if isinstance(function, partial) else function
    name = getattr(inner, "__qualname__", None)
    return repr(function) if name is None else f"{getattr(inner, '__module__', '')}.{name}"


def root_of(module: str) -> str:
    """Give the package at the root of a dotted name."""
    return module.partition(".")[0]

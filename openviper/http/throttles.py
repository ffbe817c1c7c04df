"""How often somebody may ask: the contract of throttles, which views name in ``throttle_classes``."""

import math
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias, cast

from openviper.exceptions import ImproperlyConfigured, TooManyRequests
from openviper.http.request import Request
from openviper.primitives.imports import import_string

__all__ = ["BaseThrottle", "ThrottleFactory", "build_throttles", "check_throttles"]

#: A subclass of BaseThrottle, or anything else that gives a throttle when it is called without arguments.
ThrottleFactory: TypeAlias = "Callable[[], BaseThrottle]"


class BaseThrottle(ABC):
    """A limit on requests. Each request gets an instance of its own; what is counted lives elsewhere."""

    @abstractmethod
    def allow_request(self, request: Request, view: object) -> bool | Awaitable[bool]:
        """Tell whether the request is within the limit, and count it; plain or async.

        Args:
            request: Its user is known, and its body has not been read.
            view: The instance of the view that will answer.
        """

    def wait(self) -> float | None:
        """Give the seconds until another try makes sense, after a request was refused; None leaves it unsaid."""
        return None


def build_throttles(entries: Iterable[object], *, listed_in: str) -> tuple[ThrottleFactory, ...]:
    """Give what makes the throttles of a request.

    Args:
        entries: Subclasses of BaseThrottle, other callables that give one (a ``functools.partial``), or dotted paths.
        listed_in: Name of the list, for the message of an error.

    Raises:
        ImproperlyConfigured: An entry cannot be imported or called.
    """
    found: list[ThrottleFactory] = []
    for entry in entries:
        factory = entry
        if isinstance(entry, str):
            try:
                factory = import_string(entry)
            except ImportError as error:
                raise ImproperlyConfigured(
                    f"{listed_in} entry {entry!r} cannot be imported: {error}; correct the path or remove the entry"
                ) from error
        if not callable(factory):
            raise ImproperlyConfigured(
                f"{listed_in} entry {entry!r} is no throttle; write a subclass of BaseThrottle, not an instance"
            )
        found.append(cast("ThrottleFactory", factory))
    return tuple(found)


async def check_throttles(throttles: Iterable[BaseThrottle], request: Request, view: object) -> None:
    """Let a request pass that every throttle allows; all of them are asked, so that each counts it.

    Raises:
        TooManyRequests: One does not; ``Retry-After`` is the longest time that one of them asks for (429).
    """
    is_refused = False
    waits: list[float] = []
    for throttle in throttles:
        verdict = throttle.allow_request(request, view)
        if not (await verdict if isinstance(verdict, Awaitable) else verdict):
            is_refused = True
            seconds = throttle.wait()
            waits += [] if seconds is None else [seconds]
    if is_refused:
        # RFC 9110 10.2.3: whole seconds; rounding down would ask for a try that is refused again.
        raise TooManyRequests(max(0, math.ceil(max(waits))) if waits else None)

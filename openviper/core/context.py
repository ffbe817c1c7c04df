"""What the running task knows of its request: who is asking, whether permissions count, and the id of it in the logs.

The variables follow the tree of tasks: a child task starts with the values of its parent and changes only its
own. Whoever sets one resets it when the request is over.
"""

import logging
import os
from contextvars import ContextVar
from typing import Final, Protocol

from openviper.types import Scope

__all__ = [
    "CLOSERS",
    "RequestIdFilter",
    "User",
    "current_user",
    "ensure_request_id",
    "ignore_permissions_ctx",
    "make_request_id",
    "request_id",
    "request_tree",
]

#: Where a scope keeps what must be closed at the end of its request, such as uploaded files: a list of async functions.
CLOSERS: Final = "openviper.closers"


class User(Protocol):
    """The least that code may rely on when it holds a user, whichever class made it."""

    @property
    def is_authenticated(self) -> bool:
        """Whether the user has proved who they are; False for an anonymous visitor."""

    @property
    def username(self) -> str:
        """The name that the user logs in with; empty for an anonymous visitor."""


#: The user of the running task; None outside a request and before authentication.
current_user: Final[ContextVar[User | None]] = ContextVar("current_user", default=None)

#: Whether model-level permission checks are passed over in the running task.
ignore_permissions_ctx: Final[ContextVar[bool]] = ContextVar("ignore_permissions", default=False)

#: The id of the request that the running task answers; None outside a request, and where no middleware gives ids.
request_id: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)


class _Tree:
    """What the tasks of one request know together, also what a child has noted there.

    Outside of requests it is a tree of tasks, from the first of it that has looked.
    """

    __slots__ = ("_held", "is_used")

    def __init__(self) -> None:
        self._held: ContextVar[dict[str, object] | None] = ContextVar("request_tree", default=None)
        #: Whether anybody looks, so that requests have to begin one of their own.
        self.is_used = False

    def begin(self) -> None:
        """Let the running task, and those that it starts, know nothing yet."""
        self._held.set({})

    def get(self) -> dict[str, object]:
        """Give what is known, to be added to."""
        found = self._held.get()
        if found is None:
            found = {}
            self._held.set(found)
        return found


#: What the tasks of a request know together; keys are dotted names of those who keep something.
request_tree: Final = _Tree()


class RequestIdFilter(logging.Filter):
    """Gives every record the attribute ``request_id``, for formatters; drops none.

    It belongs to a handler, since the filters of a logger do not see what the loggers below it pass up. A record that
    brings an id keeps it; one that is made outside a request has None.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the id of the running task's request."""
        record.__dict__.setdefault("request_id", request_id.get())
        return True


def make_request_id() -> str:
    """Give a new id: 32 hexadecimal digits, 128 random bits."""
    # As unlikely to come twice as a UUID at a fifth of its cost (0.35 us); forked workers draw from one source too.
    return os.urandom(16).hex()


def ensure_request_id(scope: Scope) -> str:
    """Give the id of a request; one that has none yet gets one.

    Args:
        scope: An ASGI scope of type http or websocket; the id is kept in it as ``request_id``.
    """
    given = scope.get("request_id")
    # Checked, because it becomes a header: a foreign middleware may have put anything under this name.
    if isinstance(given, str) and given.isascii() and given.isprintable() and given.strip() == given != "":
        return given
    made = make_request_id()
    scope["request_id"] = made
    return made

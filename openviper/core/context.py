"""What the running task knows of its request: who is asking, and whether permissions count.

Both variables follow the tree of tasks: a child task starts with the values of its parent and changes only its
own. Whoever sets one resets it when the request is over.
"""

from contextvars import ContextVar
from typing import Final, Protocol

__all__ = ["User", "current_user", "ignore_permissions_ctx"]


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

"""The user of a request that nobody is logged in for."""

from dataclasses import dataclass

__all__ = ["AnonymousUser"]


@dataclass(frozen=True, slots=True)
class AnonymousUser:
    """A visitor who is not known; every instance equals every other."""

    username: str = ""
    is_authenticated: bool = False
    is_anonymous: bool = True

"""The session of a visitor, as a request shows it."""

from collections.abc import Iterator, Mapping
from typing import NoReturn

from openviper.exceptions import ImproperlyConfigured

__all__ = ["Session"]


class Session(Mapping[str, object]):
    """An empty session, which is there when no middleware keeps any.

    Reading finds nothing; writing is refused, since what is written would be gone with the request.
    """

    __slots__ = ()

    @property
    def key(self) -> str:
        """What names the session; empty for none."""
        return ""

    def __getitem__(self, name: str) -> object:
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __setitem__(self, name: str, value: object) -> NoReturn:
        raise ImproperlyConfigured(
            f"request.session[{name!r}] cannot be set: no middleware in MIDDLEWARE keeps sessions, so it would be lost"
        )

    def __delitem__(self, name: str) -> None:
        raise KeyError(name)

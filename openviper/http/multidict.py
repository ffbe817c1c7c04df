"""Names with several values, as queries and forms have them."""

from collections.abc import Iterator, Mapping
from typing import TypeVar, overload

__all__ = ["MultiDict"]

V = TypeVar("V")
T = TypeVar("T")


class MultiDict(Mapping[str, V]):
    """A mapping to the last value of a name, with ``getlist`` for all of them; it cannot be changed.

    The last value counts, as in Django and Starlette, because it is what a later form field overrides.

    Args:
        lists: For each name its values in the order sent, at least one; kept, not copied.
    """

    __slots__ = ("_lists",)

    def __init__(self, lists: dict[str, list[V]]) -> None:
        self._lists = lists

    @overload
    def get(self, key: str, /) -> V | None: ...
    @overload
    def get(self, key: str, /, default: V | T) -> V | T: ...

    def get(self, key: str, /, default: V | T | None = None) -> V | T | None:
        """Give the last value of a name, or the default."""
        values = self._lists.get(key)
        return values[-1] if values else default

    def getlist(self, key: str) -> list[V]:
        """Give every value of a name in the order sent; an empty list when there is none."""
        return list(self._lists.get(key, ()))

    def __getitem__(self, key: str) -> V:
        return self._lists[key][-1]

    def __contains__(self, key: object) -> bool:
        return key in self._lists

    def __iter__(self) -> Iterator[str]:
        return iter(self._lists)

    def __len__(self) -> int:
        return len(self._lists)

    def __repr__(self) -> str:
        # Values may be passwords, so only names are shown.
        return f"{type(self).__name__}({', '.join(map(repr, self))})"

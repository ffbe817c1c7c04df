"""Blocks that wait for nothing, so that ``with`` and ``async with`` are the same."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Generic, TypeVar

__all__ = ["Block"]

T = TypeVar("T")


class Block(ABC, Generic[T]):
    """What can stand behind ``with`` and behind ``async with``; classes below say what happens at both ends."""

    __slots__ = ()

    @abstractmethod
    def __enter__(self) -> T:
        """Begin the block, and give what stands behind ``as``."""

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the block; an error of it goes on."""

    async def __aenter__(self) -> T:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)

"""A block that can be entered in either way."""

from types import TracebackType

import pytest

from openviper.primitives.blocks import Block


class Noting(Block[list[str]]):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def __enter__(self) -> list[str]:
        self.notes.append("begun")
        return self.notes

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.notes.append("ended" if kind is None else kind.__name__)


async def test_both_ways_are_one() -> None:
    """What stands behind ``as`` and what is done at the ends are the same."""
    block = Noting()
    with block as notes:
        notes.append("plain")
    async with block as notes:
        notes.append("async")
    assert block.notes == ["begun", "plain", "ended", "begun", "async", "ended"]


async def test_error_of_the_block_goes_on() -> None:
    """The end is told of it, and whoever entered gets it."""
    block = Noting()
    with pytest.raises(KeyError):
        async with block:
            raise KeyError
    assert block.notes == ["begun", "KeyError"]


def test_half_a_block_cannot_be_made() -> None:
    """Both ends have to be said."""
    half = type("Half", (Block,), {"__enter__": lambda self: self})
    with pytest.raises(TypeError, match="__exit__"):
        half()

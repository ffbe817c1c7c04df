"""Bytes that arrive in pieces and are wanted as one."""

import tracemalloc
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.http.gathering import Gathering


def gather(pieces: list[bytes], most: int) -> BytesIO:
    gathering = Gathering(most)
    for piece in pieces:
        gathering.add(piece)
    assert gathering.size == sum(map(len, pieces))
    return gathering.finish()


@given(st.lists(st.binary(max_size=200), max_size=40), st.integers(min_value=0, max_value=3000))
def test_pieces_come_back_as_one(pieces: list[bytes], most: int) -> None:
    """Whatever their sizes, and whatever was expected, nothing is added, lost or moved."""
    memory = gather(pieces, most)

    assert memory.tell() == 0
    assert memory.read() == b"".join(pieces)
    assert memory.getvalue() == b"".join(pieces)


def test_piece_that_comes_alone_is_not_copied() -> None:
    """What is read is the piece itself."""
    piece = b"x" * 1000
    assert gather([piece], 10).read() is piece


@pytest.mark.parametrize("size", [1, 3])
def test_tiny_pieces_cost_what_they_hold(size: int) -> None:
    """Half a million pieces take no object each, while they arrive and afterwards."""
    gathering = Gathering(10_000_000)
    tracemalloc.start()
    try:
        for number in range(500_000):
            gathering.add(number.to_bytes(size + 2, "big")[-size:])
        memory = gathering.finish()
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(memory.getbuffer()) == 500_000 * size
    assert kept < 500_000 * size + 10_000
    assert peak < 6 * 500_000 * size


def test_no_room_is_reserved_beyond_what_is_expected() -> None:
    """Two pieces of a small file take what the file may have, not four times what has come."""
    gathering = Gathering(1_000_000)
    gathering.add(bytes(400_000))
    tracemalloc.start()
    try:
        gathering.add(bytes(400_000))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert kept < 1_010_000


@pytest.mark.parametrize("count", [2, 5, 10, 41])
def test_body_that_goes_on_arriving_holds_little_more_than_has_come(count: int) -> None:
    """A client that sends slowly takes the memory of half as much again, and a few pages."""
    gathering = Gathering(10_000_000)
    piece = bytes(65_536)
    gathering.add(piece)
    tracemalloc.start()
    try:
        for _ in range(count - 1):
            gathering.add(piece)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert kept < max(gathering.size * 1.5, gathering.size + 128 * 1024) + 5_000

"""The content of an upload while it arrives."""

import asyncio
import os
import tracemalloc
from io import BytesIO
from pathlib import Path

import pytest

from openviper.http.spooling import Spool


async def fill(spool: Spool, *pieces: bytes) -> None:
    for piece in pieces:
        if spool.add(piece):
            await spool.flush()


async def test_small_content_stays_in_memory(tmp_path: Path) -> None:
    """Up to its limit a spool makes no file."""
    spool = Spool(10, str(tmp_path))
    await fill(spool, b"12345", b"67890")
    file = await spool.finish()

    assert isinstance(file, BytesIO)
    assert (file.read(), spool.size, spool.held) == (b"1234567890", 10, 10)
    await spool.close()


async def test_large_content_goes_to_a_file_without_a_name(tmp_path: Path) -> None:
    """Past its limit nothing is held, and the folder looks empty all the same."""
    spool = Spool(10, str(tmp_path))
    content = os.urandom(600_000)
    await fill(spool, b"12345678901")
    assert spool.held == 0
    await fill(spool, content)
    file = await spool.finish()

    assert list(tmp_path.iterdir()) == []
    assert await asyncio.to_thread(file.read) == b"12345678901" + content
    assert (spool.size, spool.held) == (600_011, 0)
    await spool.close()
    assert file.closed


async def test_what_is_written_late_is_dropped(tmp_path: Path) -> None:
    """After the close a thread that was left at work makes no file any more."""
    spool = Spool(0, str(tmp_path))
    await fill(spool, b"1")
    await spool.close()
    await fill(spool, b"2")
    await spool.close()
    assert spool.size == 2


async def test_folder_that_is_missing_is_an_error_of_the_system(tmp_path: Path) -> None:
    """The fault is the server's, so it is not dressed up as one of the client."""
    spool = Spool(0, str(tmp_path / "missing"))
    with pytest.raises(FileNotFoundError):
        await fill(spool, b"1")
    await spool.close()


async def test_tiny_pieces_take_no_object_each(tmp_path: Path) -> None:
    """A file that is dribbled in pieces of two bytes needs a few times its size in memory, not thirty times."""
    spool = Spool(200_000, str(tmp_path))
    tracemalloc.start()
    try:
        for number in range(100_000):
            assert not spool.add(number.to_bytes(3, "big")[1:])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (spool.held, spool.size) == (200_000, 200_000)
    assert peak < 600_000
    await spool.close()

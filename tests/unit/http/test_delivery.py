"""How a large file is cut; what FileResponse makes of it is tested there."""

import asyncio
import os
from pathlib import Path

import pytest

from openviper.http.delivery import Delivery

KIB = 1024


class Client:
    """Takes a piece in some seconds, by a timer of its own."""

    def __init__(self, *seconds: float) -> None:
        self.now = 0.0
        self._seconds = iter(seconds)

    def timer(self) -> float:
        return self.now

    async def take(self, delivery: Delivery) -> list[bytes]:
        taken = []
        async for piece in delivery.chunks():
            taken.append(piece)
            self.now += next(self._seconds, 0.0)
        delivery.close()
        return taken


@pytest.mark.parametrize(
    ("seconds", "sizes"),
    [
        ((0, 0, 0), [128, 512, 360]),
        ((1, 1, 1, 1, 1, 1, 1, 1), [128] * 7 + [104]),
        ((0, 9, 9, 0), [128, 512, 128, 128, 104]),
    ],
)
async def test_slow_client_gets_small_blocks(tmp_path: Path, seconds: tuple[float, ...], sizes: list[int]) -> None:
    """A block grows as soon as a client takes one at once, and shrinks as soon as one has to wait."""
    content = os.urandom(1000 * KIB)
    path = tmp_path / "large.bin"
    path.write_bytes(content)
    client = Client(*seconds)
    scope = {"type": "http", "method": "GET", "headers": []}
    delivery = Delivery(str(path), None, 200, [], scope, timer=client.timer)

    await asyncio.to_thread(delivery.prepare)
    taken = await client.take(delivery)

    assert b"".join(taken) == content
    assert [len(piece) // KIB for piece in taken] == sizes

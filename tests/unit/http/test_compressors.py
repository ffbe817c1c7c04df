"""The compressors, each against the reader of its own package."""

import gzip
import sys
from collections.abc import Callable
from importlib import import_module

import pytest

from openviper.http.compressors import Encoding, advance, compress_body, installed_encodings, new_compressor


def read_zstd(packed: bytes) -> bytes:
    if sys.version_info >= (3, 14):
        reader = import_module("compression.zstd").ZstdDecompressor()
    else:
        reader = import_module("zstandard").ZstdDecompressor().decompressobj()
    plain: bytes = reader.decompress(packed)
    return plain


READERS: dict[Encoding, Callable[[bytes], bytes]] = {
    "br": import_module("brotli").decompress,
    "gzip": gzip.decompress,
    "zstd": read_zstd,
}


def test_installed_packages_are_offered() -> None:
    """The best one that is there comes first, and gzip is always there."""
    assert installed_encodings() == ("zstd", "br", "gzip")


@pytest.mark.parametrize("encoding", list(READERS))
async def test_body_survives(encoding: Encoding) -> None:
    """Small, empty and large bodies come back as they were, and equal ones are packed equally."""
    for body in (b"", b"text " * 50, b"text " * 50_000):
        packed = await compress_body(body, encoding)
        assert READERS[encoding](packed) == body
        assert await compress_body(body, encoding) == packed


@pytest.mark.parametrize("encoding", list(READERS))
async def test_flushed_pieces_make_one_stream(encoding: Encoding) -> None:
    """Each piece gives something to send, and together they are one stream."""
    compressor = new_compressor(encoding, 1)
    packed = [
        await advance(compressor, b"one", is_last=False),
        await advance(compressor, b"x" * 100_000, is_last=False),
        await advance(compressor, b"", is_last=True),
    ]
    assert packed[0]
    assert READERS[encoding](b"".join(packed)) == b"one" + b"x" * 100_000


async def test_level_is_taken() -> None:
    """A higher level packs tighter."""
    body = b"lorem ipsum " * 300
    assert len(await compress_body(body, "gzip", 9)) < len(await compress_body(body, "gzip", 0))

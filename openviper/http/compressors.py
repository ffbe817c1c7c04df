"""Compressors: gzip, which is always there, and br and zstd, where their packages are installed.

The extra ``compression`` brings both; zstd is part of Python 3.14.
"""

import sys
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Final, Literal, Protocol, TypeAlias, cast

from openviper.primitives.imports import module_exists, require
from openviper.primitives.threads import run_in_thread

__all__ = [
    "Compressor",
    "Encoding",
    "advance",
    "compress",
    "compress_body",
    "installed_encodings",
    "new_compressor",
]

Encoding: TypeAlias = Literal["br", "gzip", "zstd"]

# More than this is compressed in a thread: it takes longer (about 1 ms) than the loop should wait.
_MAX_ON_LOOP: Final = 32 * 1024
# Levels for answers that are made for one request; gzip's is the default of ``GZipResponse``.
_LEVELS: Final[dict[Encoding, int]] = {"br": 4, "gzip": 6, "zstd": 3}


class Compressor(Protocol):
    """One compressed stream in the making."""

    def compress(self, data: bytes) -> bytes:
        """Take some bytes and give what can be sent already, which may be nothing."""

    def flush(self) -> bytes:
        """Give everything that was taken so far, so that the client can read it; the stream goes on."""

    def finish(self) -> bytes:
        """Give the rest and the end of the stream."""


@lru_cache(maxsize=1)
def installed_encodings() -> tuple[Encoding, ...]:
    """Give what can be offered here, the best first; asked once."""
    found: list[Encoding] = []
    if sys.version_info >= (3, 14) or module_exists("zstandard"):
        found.append("zstd")
    if module_exists("brotli"):
        found.append("br")
    return (*found, "gzip")


def new_compressor(encoding: Encoding, level: int | None = None) -> Compressor:
    """Begin a compressed stream.

    Args:
        encoding: What to compress with.
        level: How hard to try, as the encoding counts: gzip 0 to 9, br 0 to 11, zstd 1 to 22; None means one that fits
            answers made for one request.

    Raises:
        MissingDependencyError: The package of the encoding is not installed (an ImportError).
    """
    kinds: dict[Encoding, Callable[[int], Compressor]] = {"br": _Brotli, "gzip": _Gzip, "zstd": _Zstd}
    return kinds[encoding](_LEVELS[encoding] if level is None else level)


def compress(body: bytes, encoding: Encoding, level: int | None = None) -> bytes:
    """Compress a content that is whole. Blocks; about 1 ms for 32 KB. See ``new_compressor``."""
    if encoding == "zstd":
        return _compress_zstd(body, _LEVELS["zstd"] if level is None else level)
    compressor = new_compressor(encoding, level)
    return compressor.compress(body) + compressor.finish()


async def compress_body(body: bytes, encoding: Encoding, level: int | None = None) -> bytes:
    """Compress a content that is whole, a large one in a thread. See ``new_compressor``."""
    if len(body) <= _MAX_ON_LOOP:
        return compress(body, encoding, level)
    return await run_in_thread(compress, body, encoding, level)


async def advance(compressor: Compressor, data: bytes, *, is_last: bool) -> bytes:
    """Take the next piece of a stream and give what the client needs to read all of it; a large one in a thread.

    Args:
        compressor: The stream.
        data: The piece; may be empty.
        is_last: Whether the stream ends with it.
    """
    if len(data) <= _MAX_ON_LOOP:
        return _advance(compressor, data, is_last=is_last)
    return await run_in_thread(_advance, compressor, data, is_last=is_last)


def _advance(compressor: Compressor, body: bytes, *, is_last: bool) -> bytes:
    return compressor.compress(body) + (compressor.finish() if is_last else compressor.flush())


def _compress_zstd(body: bytes, level: int) -> bytes:
    # A stream of a length that is not known gets tables for the largest one: 40 ms for 6 KB at level 19, in place of 1.
    if sys.version_info >= (3, 14):
        zstd = require("compression.zstd", extra="compression", needed_by="the encoding 'zstd'")
        return bytes(zstd.compress(body, level))
    zstd = require("zstandard", extra="compression", needed_by="the encoding 'zstd'")
    return bytes(zstd.ZstdCompressor(level=level).compress(body))


class _Gzip(Compressor):
    def __init__(self, level: int) -> None:
        # 16 asks zlib for the head and the end of gzip; both are the same every time, so equal contents stay equal.
        self._stream = zlib.compressobj(level, zlib.DEFLATED, 16 + zlib.MAX_WBITS)

    def compress(self, data: bytes) -> bytes:
        return self._stream.compress(data)

    def flush(self) -> bytes:
        return self._stream.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._stream.flush(zlib.Z_FINISH)


class _BrotliStream(Protocol):
    def process(self, data: bytes) -> bytes: ...
    def flush(self) -> bytes: ...
    def finish(self) -> bytes: ...


class _Brotli(Compressor):
    def __init__(self, level: int) -> None:
        brotli = require("brotli", extra="compression", needed_by="the encoding 'br'")
        self._stream: _BrotliStream = brotli.Compressor(quality=level)

    def compress(self, data: bytes) -> bytes:
        return self._stream.process(data)

    def flush(self) -> bytes:
        return self._stream.flush()

    def finish(self) -> bytes:
        return self._stream.finish()


class _ZstdStream(Protocol):
    def compress(self, data: bytes) -> bytes: ...
    def flush(self, mode: int) -> bytes: ...


class _Zstd(Compressor):
    def __init__(self, level: int) -> None:
        if sys.version_info >= (3, 14):
            zstd = require("compression.zstd", extra="compression", needed_by="the encoding 'zstd'")
            kind = zstd.ZstdCompressor
            self._block, self._end = int(kind.FLUSH_BLOCK), int(kind.FLUSH_FRAME)
            self._stream = cast("_ZstdStream", kind(level=level))
        else:
            zstd = require("zstandard", extra="compression", needed_by="the encoding 'zstd'")
            self._block, self._end = int(zstd.COMPRESSOBJ_FLUSH_BLOCK), int(zstd.COMPRESSOBJ_FLUSH_FINISH)
            self._stream = cast("_ZstdStream", zstd.ZstdCompressor(level=level).compressobj())

    def compress(self, data: bytes) -> bytes:
        return self._stream.compress(data)

    def flush(self) -> bytes:
        return self._stream.flush(self._block)

    def finish(self) -> bytes:
        return self._stream.flush(self._end)

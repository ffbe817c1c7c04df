"""Smaller answers for clients that can unpack them."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from openviper.exceptions import SettingsValidationError
from openviper.http.compression import (
    CompressingSend,
    choose_encoding,
    find_size,
    is_compressible,
    mark_compressed,
    mark_varying,
    mark_without_content,
)
from openviper.http.compressors import Encoding, compress_body, installed_encodings, new_compressor
from openviper.http.forwarded import join_lines
from openviper.middleware.base import HookedMiddleware
from openviper.middleware.fallback import given_or_setting
from openviper.primitives.unset import UNSET, Unset
from openviper.types import ASGIApp, Message, RawHeaders, Receive, Scope, Send

__all__ = ["CompressionMiddleware"]

# A longer Accept-Encoding is nobody's habit, and not kept.
_LONGEST_KEPT: Final = 200
_LEVELS: Final[Mapping[Encoding, range]] = {"br": range(12), "gzip": range(10), "zstd": range(1, 23)}


class CompressionMiddleware(HookedMiddleware):
    """Compresses the answers that are worth it, with what the client takes: ``zstd``, ``br`` or ``gzip``.

    An answer stays as it is when it is small, of a type that is compressed already, encoded, a part of a file (206), a
    stream of events, or says ``no-transform``. A body in memory is compressed whole, a large one in a thread; a stream
    piece by piece, each of which is sent at once.

    What repeats a part of the request next to a secret must not be compressed (BREACH); let such an answer say
    ``cache-control: no-transform``.

    Args:
        app: The next application inwards.
        minimum_size: Length, in bytes, below which a body stays as it is; not given means the setting
            ``COMPRESSION_MIN_SIZE``.
        encodings: What is offered, the most wanted first; None means all that are installed.
        levels: How hard to try, by encoding: gzip 0 to 9, br 0 to 11, zstd 1 to 22; None means levels that fit answers
            made for one request.

    Raises:
        SettingsValidationError: An encoding is not known, or a number is out of its range (a ValueError).
        MissingDependencyError: The package of an encoding is not installed (an ImportError).
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        minimum_size: int | Unset = UNSET,
        encodings: Iterable[Encoding] | None = None,
        levels: Mapping[Encoding, int] | None = None,
    ) -> None:
        # Besides the hooks, a layer of ASGI has to mind what fails while the head of an answer waits.
        super().__init__(self._serve_inside)
        self._inside = app
        self._minimum_size = given_or_setting(minimum_size, "COMPRESSION_MIN_SIZE")
        self._encodings = installed_encodings() if encodings is None else tuple(encodings)
        self._levels = dict(levels or {})
        if errors := [*_find_errors(self._encodings, self._levels, self._minimum_size)]:
            raise SettingsValidationError(errors)
        for name in self._encodings:
            new_compressor(name, self._levels.get(name))  # what is not installed is found out now
        # There are a few browsers and libraries, and each sends the same text with every request.
        self._choices = lru_cache(maxsize=256)(self._weigh)

    async def on_body(self, scope: Scope, status: int, headers: RawHeaders, body: bytes) -> bytes:
        """Compress a body in memory."""
        if not is_compressible(status, headers, with_events=False):
            return body
        encoding = None if len(body) < self._minimum_size else self._choose(scope)
        if encoding is None:
            mark_varying(headers)
            return body
        # Whole before the head is changed: whatever fails leaves the answer as it was.
        packed = await compress_body(body, encoding, self._levels.get(encoding))
        mark_compressed(headers, encoding)
        return packed

    def wrap_send(self, scope: Scope, send: Send) -> Send:
        """Compress an answer that comes in messages."""
        encoding = self._choose(scope)
        compressing = CompressingSend(
            send,
            encoding,
            minimum_size=self._minimum_size,
            level=None if encoding is None else self._levels.get(encoding),
            is_head=scope["method"] == "HEAD",
        )
        chosen: Send | None = None

        async def send_compressed(message: Message) -> None:
            nonlocal chosen
            if chosen is None:
                # Events are small and last for hours: 256 KB of a compressor for each client would save little.
                headers = message.get("headers", ())
                chosen = compressing if is_compressible(200, headers, with_events=False) else send
            await chosen(message)

        return send_compressed

    def on_response(self, scope: Scope, status: int, headers: RawHeaders) -> None:
        """Complete the heads of answers that have no body to compress: of a 304, a 412, of a part, and for HEAD."""
        if status in (206, 304, 412):
            mark_without_content(status, headers, self._choose(scope))
        elif scope["method"] == "HEAD" and is_compressible(status, headers, with_events=False):
            size = find_size(headers)
            encoding = None if size is not None and size < self._minimum_size else self._choose(scope)
            if encoding is None:
                mark_varying(headers)
            else:
                mark_compressed(headers, encoding)

    async def _serve_inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the next application; an error after the head of its answer lets that head go.

        For the layers further in the answer has begun, so none of them makes another one, which would lack what they
        add to it; and whether the client takes an encoding must not decide what becomes of the error.
        """
        if scope["type"] != "http":
            await self._inside(scope, receive, send)
            return
        is_waiting = False

        async def note_head(message: Message) -> None:
            nonlocal is_waiting
            is_waiting = message["type"] == "http.response.start"
            await send(message)

        try:
            await self._inside(scope, receive, note_head)
        except Exception:
            if is_waiting:
                await send({"type": "http.response.body", "body": b"", "more_body": True})
            raise

    def _choose(self, scope: Scope) -> Encoding | None:
        accepted = join_lines(scope["headers"], b"accept-encoding")
        return self._choices(accepted) if len(accepted) <= _LONGEST_KEPT else self._weigh(accepted)

    def _weigh(self, accepted: bytes) -> Encoding | None:
        return choose_encoding(accepted.decode("latin-1"), self._encodings)


def _find_errors(encodings: Iterable[str], levels: Mapping[Encoding, int], minimum_size: int) -> Iterator[str]:
    for name in (*encodings, *levels):
        if name not in _LEVELS:
            yield f"{name!r} is no encoding; use 'br', 'gzip' or 'zstd'"
    for known, allowed in _LEVELS.items():
        level = levels.get(known)
        if level is not None and level not in allowed:
            yield f"level {level!r} of {known!r}: it must be {allowed[0]} to {allowed[-1]}"
    if minimum_size < 0:
        yield f"COMPRESSION_MIN_SIZE is {minimum_size}, and must be 0 or more bytes"

"""Compression of responses: which encoding a client takes, what is worth it, and what becomes of the head.

Whoever compresses a page that repeats what a client has sent, next to a secret, lets an attacker who can try many
inputs read the secret from the lengths (BREACH).
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from openviper.http.compressors import Compressor, Encoding, advance, compress_body, new_compressor
from openviper.types import Message, RawHeaders, Send

__all__ = [
    "CompressingSend",
    "choose_encoding",
    "find_size",
    "is_compressible",
    "is_part_of_compressible",
    "mark_compressed",
    "mark_varying",
    "mark_without_content",
]

# What compresses well; everything else that has a name is compressed already, or small.
_TYPES: Final = frozenset(
    (
        "application/javascript", "application/json", "application/ld+json", "application/manifest+json",
        "application/rtf", "application/vnd.ms-fontobject", "application/wasm", "application/x-javascript",
        "application/x-ndjson", "application/xml", "application/yaml", "font/otf", "font/ttf", "image/bmp",
        "image/svg+xml", "image/x-icon",
    )
)  # fmt: skip
_SUFFIXES: Final = ("+json", "+xml", "+yaml")
_EVENTS: Final = b"text/event-stream"
_PARTS: Final = b"multipart/byteranges"


def choose_encoding(accept_encoding: str | None, offered: Sequence[Encoding]) -> Encoding | None:
    """Choose what to compress with; None sends the content as it is.

    Args:
        accept_encoding: The request's field, several of them joined by commas; None where there is none.
        offered: What can be done, the most wanted first; it decides where the client does not care.
    """
    if not accept_encoding:
        return None
    weights: dict[str, float] = {}
    for element in accept_encoding.lower().split(","):
        name, *parameters = (part.strip() for part in element.split(";"))
        if name:
            weights["gzip" if name == "x-gzip" else name] = _weight(parameters)
    rest = weights.get("*", 0.0)
    best, best_weight = None, 0.0
    for encoding in offered:
        weight = weights.get(encoding, rest)
        if weight > best_weight:
            best, best_weight = encoding, weight
    # RFC 9110 12.5.3 leaves it open; whoever names an encoding, and does not rank the plain content above it, wants it.
    return best if best_weight >= weights.get("identity", 0.0) else None


def _weight(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                return 0.0
            return weight if 0.0 <= weight <= 1.0 else 0.0  # not a number compares as false
    return 1.0


def is_compressible(status: int, headers: RawHeaders, *, with_events: bool = True) -> bool:
    """Tell whether the content of a response may be compressed, and is of a kind that is worth it.

    Args:
        status: The HTTP status.
        headers: The header fields, names in lower case.
        with_events: Whether a stream of events is such a kind.
    """
    # The parts of a 206 are cut from the content as it was announced.
    if status in (204, 206, 304):
        return False
    kind = b""
    for name, value in headers:
        if name in (b"content-encoding", b"content-range"):
            return False
        if name == b"cache-control" and b"no-transform" in value.lower():
            return False
        if name == b"content-type":
            kind = value
    return _is_worth_it(kind) and (with_events or not kind.lower().startswith(_EVENTS))


def is_part_of_compressible(headers: RawHeaders) -> bool:
    """Tell whether a 206 is a part of what is compressed where it is sent whole; several parts may be."""
    whole = [(name, value) for name, value in headers if name != b"content-range"]
    is_several = any(name == b"content-type" and value.lower().startswith(_PARTS) for name, value in headers)
    return is_several or is_compressible(200, whole, with_events=False)


# An application has a few types, and every answer has one of them.
@lru_cache(maxsize=256)
def _is_worth_it(kind: bytes) -> bool:
    media_type = kind.partition(b";")[0].strip().lower().decode("latin-1")
    return media_type.startswith("text/") or media_type in _TYPES or media_type.endswith(_SUFFIXES)


def mark_varying(headers: RawHeaders) -> None:
    """Tell caches, in place, that the answer depends on ``Accept-Encoding``, compressed or not."""
    for position, (name, value) in enumerate(headers):
        if name == b"vary":
            fields = {field.strip().lower() for field in value.split(b",")}
            if not fields & {b"accept-encoding", b"*"}:
                headers[position] = (name, value + b", Accept-Encoding")
            return
    headers.append((b"vary", b"Accept-Encoding"))


def mark_compressed(headers: RawHeaders, encoding: Encoding) -> None:
    """Change the head of a response, in place, to that of its compressed form, whose length is not known yet.

    Besides ``mark_varying``: an entity tag becomes weak, since other bytes are sent under it (RFC 9110, 8.8.3), and
    ranges, which would be counted in other bytes, are not offered any more.
    """
    kept: RawHeaders = []
    for name, value in headers:
        if name in (b"accept-ranges", b"content-length"):
            continue
        is_strong = name == b"etag" and not value.startswith(b"W/")
        kept.append((name, b"W/" + value if is_strong else value))
    kept.append((b"content-encoding", encoding.encode("ascii")))
    headers[:] = kept
    mark_varying(headers)


def mark_without_content(status: int, headers: RawHeaders, encoding: Encoding | None) -> None:
    """Complete, in place, the head of a 304, a 412 or a 206 as it fits the answer that has the whole content.

    Args:
        status: The HTTP status; others leave the head as it is.
        headers: The header fields, names in lower case.
        encoding: What the client takes; None for none.
    """
    if status == 304:
        # RFC 9110, 15.4.5: the fields of the answer that the client has kept, whose type is not told here.
        mark_varying(headers)
        if encoding is not None:
            # RFC 9111, 4.3.4: a strong tag would select an answer of exactly these bytes, and none is in the cache.
            headers[:] = [
                (name, b"W/" + value) if name == b"etag" and not value.startswith(b"W/") else (name, value)
                for name, value in headers
            ]
    elif status == 412 or (status == 206 and is_part_of_compressible(headers)):
        mark_varying(headers)


def find_size(headers: RawHeaders) -> int | None:
    """Give the length of the content that a head announces; None where it announces none."""
    announced = next((value for name, value in headers if name == b"content-length"), b"")
    return int(announced) if announced.isdigit() else None


class CompressingSend:
    """A ``send`` that compresses the response that goes through it, if that is worth it.

    What cannot be compressed goes through unchanged, a file that the server sends itself among it. A body in one
    message is compressed in one; of one in pieces each is sent at once, so that events arrive as they are made.

    The head of what can be waits for the first message after it, whatever the client takes: a second head, the answer
    to an error that came in between, takes its place.

    Args:
        send: Where the messages go.
        encoding: What the client takes; None only tells caches that others may take another one.
        minimum_size: Length, in bytes, below which a body that comes in one message stays as it is.
        level: See ``new_compressor``.
        is_head: Whether the request is a HEAD: the fields are those of a GET, as far as they can be known.
    """

    def __init__(
        self,
        send: Send,
        encoding: Encoding | None,
        *,
        minimum_size: int = 500,
        level: int | None = None,
        is_head: bool = False,
    ) -> None:
        self._send = send
        self._encoding = encoding
        self._minimum_size = minimum_size
        self._level = level
        self._is_head = is_head
        self._held: Message | None = None
        self._compressor: Compressor | None = None

    async def __call__(self, message: Message) -> None:
        """Take one message."""
        kind = message["type"]
        if kind == "http.response.start":
            headers = list(message.get("headers", ()))
            message = {**message, "headers": headers}
            self._held = None
            if is_compressible(message["status"], headers):
                # How it is sent depends on the body.
                self._held = message
                return
            mark_without_content(message["status"], headers, self._encoding)
            await self._send(message)
        elif self._held is not None:
            start, self._held = self._held, None
            await self._begin(start, message, self._encoding)
        elif self._compressor is not None and kind == "http.response.body":
            await self._send_piece(self._compressor, message)
        else:
            await self._send(message)

    async def _begin(self, start: Message, message: Message, encoding: Encoding | None) -> None:
        headers: RawHeaders = start["headers"]
        body = message.get("body", b"")
        is_whole = not message.get("more_body")
        size: int | None = len(body)
        if self._is_head:
            size = find_size(headers)
        is_small = is_whole and size is not None and size < self._minimum_size
        if encoding is None or is_small or message["type"] != "http.response.body":
            mark_varying(headers)
            await self._send(start)
            await self._send(message)
            return
        mark_compressed(headers, encoding)
        if self._is_head:
            await self._send(start)
            await self._send(message)
        elif is_whole:
            body = await compress_body(body, encoding, self._level)
            headers.append((b"content-length", b"%d" % len(body)))
            await self._send(start)
            await self._send({**message, "body": body})
        else:
            self._compressor = new_compressor(encoding, self._level)
            await self._send(start)
            await self._send_piece(self._compressor, message)

    async def _send_piece(self, compressor: Compressor, message: Message) -> None:
        body, is_last = message.get("body", b""), not message.get("more_body")
        if not body and not is_last:
            await self._send(message)
            return
        await self._send({**message, "body": await advance(compressor, body, is_last=is_last)})

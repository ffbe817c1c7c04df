"""Compression: what is agreed on, what is worth it, and what becomes of head and body."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.http.compression import (
    CompressingSend,
    choose_encoding,
    is_compressible,
    mark_compressed,
    mark_varying,
)
from openviper.http.compressors import Encoding
from openviper.types import Message, RawHeaders

ALL: tuple[Encoding, ...] = ("zstd", "br", "gzip")
TEXT: RawHeaders = [(b"content-type", b"text/plain")]


async def compressed(
    *messages: Message, encoding: Encoding | None = "gzip", minimum_size: int = 10, is_head: bool = False
) -> list[Message]:
    """Send messages through the compression and give what comes out."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    compressing = CompressingSend(send, encoding, minimum_size=minimum_size, is_head=is_head)
    for message in messages:
        await compressing(message)
    return sent


def start(headers: RawHeaders, status: int = 200) -> Message:
    return {"type": "http.response.start", "status": status, "headers": headers}


def piece(body: bytes, *, more_body: bool = False) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more_body}


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        (None, None),
        ("", None),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP, deflate", "gzip"),
        ("gzip, deflate, br", "br"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("gzip;q=0", None),
        ("*", "zstd"),
        ("*;q=0.1, zstd;q=0", "br"),
        ("*;q=0", None),
        ("identity", None),
        ("identity;q=1, gzip;q=0.5", None),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("identity;q=0", None),
        ("gzip;q=nan", None),
        ("gzip;q=2", None),
        ("gzip;q=x", None),
        ("gzip; Q=0.5 ; a=b", "gzip"),
        (",,;,;q=1", None),
    ],
)
def test_client_and_server_agree_on_an_encoding(accepted: str | None, chosen: str | None) -> None:
    """The weight decides, then our order; an encoding that the client refuses or does not rank is not used."""
    assert choose_encoding(accepted, ALL) == chosen


@given(st.text(alphabet="gzipbr*;q=0.1, identity\x00é", max_size=80))
def test_any_field_gives_an_offer_or_none(accepted: str) -> None:
    """No field, however broken, gives more than what is offered."""
    assert choose_encoding(accepted, ("gzip",)) in (None, "gzip")


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (200, TEXT, True),
        (404, [(b"content-type", b"text/html; charset=utf-8")], True),
        (200, [(b"content-type", b"application/problem+json")], True),
        (200, [(b"content-type", b"image/svg+xml")], True),
        (200, [(b"content-type", b"text/event-stream")], True),
        (200, [(b"content-type", b"image/png")], False),
        (200, [(b"content-type", b"application/zip")], False),
        (200, [(b"content-type", b"font/woff2")], False),
        (200, [(b"content-type", b"\xff")], False),
        (200, [], False),
        (200, [*TEXT, (b"content-encoding", b"br")], False),
        (200, [*TEXT, (b"cache-control", b"max-age=3, No-Transform")], False),
        (200, [*TEXT, (b"content-range", b"bytes 0-1/2")], False),
        (204, TEXT, False),
        (206, TEXT, False),
        (304, TEXT, False),
    ],
)
def test_only_what_gains_is_compressed(status: int, headers: RawHeaders, expected: bool) -> None:
    """Text and its kin are; parts, packed kinds, encoded contents and ``no-transform`` are not."""
    assert is_compressible(status, headers) is expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], [(b"vary", b"Accept-Encoding")]),
        ([(b"vary", b"Origin")], [(b"vary", b"Origin, Accept-Encoding")]),
        ([(b"vary", b"origin, accept-encoding")], [(b"vary", b"origin, accept-encoding")]),
        ([(b"vary", b"*")], [(b"vary", b"*")]),
    ],
)
def test_caches_are_told_what_the_answer_depends_on(before: RawHeaders, after: RawHeaders) -> None:
    """``Vary`` names the field, beside what it names already."""
    mark_varying(before)
    assert before == after


def test_head_of_a_compressed_answer_announces_other_bytes() -> None:
    """The tag becomes weak, and the length and the ranges of the plain content go."""
    headers = [(b"etag", b'"a"'), (b"content-length", b"9"), (b"accept-ranges", b"bytes"), *TEXT]
    mark_compressed(headers, "gzip")
    assert headers == [
        (b"etag", b'W/"a"'),
        *TEXT,
        (b"content-encoding", b"gzip"),
        (b"vary", b"Accept-Encoding"),
    ]
    weak = [(b"etag", b'W/"a"')]
    mark_compressed(weak, "br")
    assert weak[0] == (b"etag", b'W/"a"')


async def test_body_in_one_message_is_compressed_in_one() -> None:
    """The length is that of the compressed content."""
    head, body = await compressed(start([*TEXT, (b"content-length", b"1000")]), piece(b"a" * 1000))
    assert gzip.decompress(body["body"]) == b"a" * 1000
    assert (b"content-length", b"%d" % len(body["body"])) in head["headers"]
    assert (b"content-encoding", b"gzip") in head["headers"]


async def test_large_body_is_compressed_too() -> None:
    """What takes long is compressed in a thread, with the same result."""
    _, body = await compressed(start(TEXT), piece(b"ab" * 100_000))
    assert gzip.decompress(body["body"]) == b"ab" * 100_000
    _, *pieces = await compressed(start(TEXT), piece(b"ab" * 100_000, more_body=True), piece(b"c"))
    assert gzip.decompress(b"".join(message["body"] for message in pieces)) == b"ab" * 100_000 + b"c"


async def test_small_body_stays_as_it_is() -> None:
    """Below the smallest size only caches are told; the given headers are not changed."""
    given = [*TEXT, (b"content-length", b"9")]
    assert await compressed(start(given), piece(b"a" * 9)) == [
        start([*TEXT, (b"content-length", b"9"), (b"vary", b"Accept-Encoding")]),
        piece(b"a" * 9),
    ]
    assert given == [*TEXT, (b"content-length", b"9")]


async def test_each_piece_of_a_stream_can_be_read_when_it_arrives() -> None:
    """A client reads every event before the next one is made; empty pieces go through."""
    sent = await compressed(
        start(TEXT),
        piece(b"", more_body=True),
        piece(b"one", more_body=True),
        piece(b"two", more_body=True),
        piece(b""),
    )
    reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert sent[0]["headers"][-2:] == [(b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]
    assert [reader.decompress(message["body"]) for message in sent[1:]] == [b"", b"one", b"two", b""]
    assert reader.eof


async def test_client_that_takes_no_encoding_gets_the_plain_answer() -> None:
    """``Vary`` is there all the same, for caches that serve others."""
    assert await compressed(start(TEXT), piece(b"a" * 20), encoding=None) == [
        start([*TEXT, (b"vary", b"Accept-Encoding")]),
        piece(b"a" * 20),
    ]


async def test_what_cannot_be_compressed_passes_unchanged() -> None:
    """An image, an interim part or a message of an extension is none of our business."""
    image = start([(b"content-type", b"image/png")])
    assert await compressed(image, piece(b"a" * 20)) == [image, piece(b"a" * 20)]
    sent_by_path: Message = {"type": "http.response.pathsend", "path": "/a.txt"}
    assert await compressed(start(TEXT), sent_by_path) == [
        start([*TEXT, (b"vary", b"Accept-Encoding")]),
        sent_by_path,
    ]


@pytest.mark.parametrize("encoding", ["gzip", None])
@pytest.mark.parametrize("headers", [[(b"location", b"/login")], TEXT])
async def test_second_head_takes_the_place_of_one_that_waits(headers: RawHeaders, encoding: Encoding | None) -> None:
    """An answer that failed before its first byte is answered for, once, whatever the client takes."""
    sent = await compressed(start(TEXT), start(headers, 302), piece(b""), encoding=encoding)
    assert [(message["type"], message.get("status")) for message in sent] == [
        ("http.response.start", 302),
        ("http.response.body", None),
    ]


async def test_head_request_gets_the_fields_of_the_compressed_answer() -> None:
    """The length is unknown without a body, so none is announced; a small answer keeps its own."""
    large = await compressed(start([*TEXT, (b"content-length", b"900")]), piece(b""), is_head=True)
    assert large == [start([*TEXT, (b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]), piece(b"")]
    small = await compressed(start([*TEXT, (b"content-length", b"9")]), piece(b""), is_head=True)
    assert small == [start([*TEXT, (b"content-length", b"9"), (b"vary", b"Accept-Encoding")]), piece(b"")]

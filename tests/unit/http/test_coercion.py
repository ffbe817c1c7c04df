"""From what a handler returned to a response."""

import dataclasses
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from typing import NamedTuple

import msgspec
import pytest

from openviper.http.coercion import coerce_answer, coerce_response
from openviper.http.response import JSONResponse, PlainTextResponse
from openviper.types import Message


class Point(NamedTuple):
    x: int
    y: int


class Order(msgspec.Struct):
    total: int


@dataclasses.dataclass
class Book:
    title: str


@pytest.mark.parametrize(
    ("result", "status", "media", "body"),
    [
        ("hi", 200, "text/plain; charset=utf-8", b"hi"),
        (b"hi", 200, "text/plain; charset=utf-8", b"hi"),
        ({"a": 1}, 200, "application/json", b'{"a":1}'),
        ([1], 200, "application/json", b"[1]"),
        (7, 200, "application/json", b"7"),
        (True, 200, "application/json", b"true"),
        (Order(3), 200, "application/json", b'{"total":3}'),
        (Book("Momo"), 200, "application/json", b'{"title":"Momo"}'),
        (({"a": 1}, 201), 201, "application/json", b'{"a":1}'),
        (({"a": 1}, HTTPStatus.CREATED), 201, "application/json", b'{"a":1}'),
        (("made", HTTPStatus.CREATED, [("X-Id", "4")]), 201, "text/plain; charset=utf-8", b"made"),
        (("x", 201, [1]), 200, "application/json", b'["x",201,[1]]'),
        (("made", 201, {"X-Id": "4"}), 201, "text/plain; charset=utf-8", b"made"),
        ((1, 2), 200, "application/json", b"[1,2]"),
        (("x", 100), 200, "application/json", b'["x",100]'),
        ((1, True), 200, "application/json", b"[1,true]"),
        (Point(1, 200), 200, "application/json", b"[1,200]"),
        ((None, 202), 202, None, b""),
    ],
)
def test_plain_data_becomes_what_a_reader_expects(result: object, status: int, media: str | None, body: bytes) -> None:
    """Handlers may return plain data (C-235); a status of its own goes along as a pair."""
    response = coerce_response(result)
    assert (response.status_code, response.headers.get("content-type"), response.body) == (status, media, body)


def test_nothing_is_204() -> None:
    """A handler without a result has no content."""
    assert coerce_response(None).status_code == 204


def test_response_passes_unchanged_and_pairs_set_headers() -> None:
    """The same object goes on; a triple adds headers to what its body becomes."""
    response = JSONResponse({})
    assert coerce_response(response) is response
    kept = PlainTextResponse("x")
    with_headers = coerce_response((kept, 202, {"X-Id": "4"}))
    assert isinstance(with_headers, PlainTextResponse)
    assert (with_headers.status_code, with_headers.headers["x-id"], with_headers.body) == (202, "4", b"x")
    assert (kept.status_code, "x-id" in kept.headers) == (200, False)  # a response of a module is for all requests


def test_headers_may_be_a_list_of_pairs() -> None:
    """A name replaces what was there, and is sent as often as the list has it."""
    response = coerce_response((PlainTextResponse("x", headers={"X-A": "0"}), 201, [("x-a", "1"), ("X-A", "2")]))
    assert [value for name, value in response.raw_headers if name == b"x-a"] == [b"1", b"2"]
    assert type(response.status_code) is int


def test_status_that_no_answer_has_is_told() -> None:
    """An HTTPStatus is no data, so one that cannot be sent does not become part of a JSON array."""
    with pytest.raises(ValueError, match="CONTINUE"):
        coerce_response(({}, HTTPStatus.CONTINUE))


def test_what_json_cannot_carry_is_named() -> None:
    """The error says which type it was."""
    with pytest.raises(TypeError, match="complex"):
        coerce_response(1j)


@pytest.mark.parametrize(
    ("items", "media", "body"),
    [
        (["a", "b"], b"text/plain; charset=utf-8", b"ab"),
        ([b"a", b"b"], b"application/octet-stream", b"ab"),
        ([{"a": 1}, [2]], b"application/x-ndjson", b'{"a":1}\n[2]\n'),
        ([Order(1), Book("x")], b"application/x-ndjson", b'{"total":1}\n{"title":"x"}\n'),
    ],
)
@pytest.mark.parametrize("is_async", [True, False])
async def test_iterator_is_streamed_by_what_it_gives(
    items: list[object], media: bytes, body: bytes, *, is_async: bool
) -> None:
    """Text and bytes go out as they are, anything else as one JSON text a line; the first piece decides the type."""
    closed: list[bool] = []

    async def later() -> AsyncIterator[object]:
        try:
            for item in items:
                yield item
        finally:
            closed.append(True)

    def now() -> Iterator[object]:
        try:
            yield from items
        finally:
            closed.append(True)

    response = coerce_response((later() if is_async else now(), 202, {"x-own": "1"}))
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    await response({"type": "http", "method": "GET", "headers": []}, receive, send)
    headers = dict(sent[0]["headers"])
    assert (sent[0]["status"], headers[b"content-type"], headers[b"x-own"]) == (202, media, b"1")
    assert b"".join(message["body"] for message in sent[1:]) == body
    assert closed == [True]


def test_answer_of_data_is_bytes() -> None:
    """Data with status 200 needs no response around it; another status, text and nothing do."""
    assert coerce_answer(Book("x")) == b'{"title":"x"}'
    assert coerce_answer(7) == b"7"
    created = coerce_answer(Book("x"), 201)
    assert isinstance(created, JSONResponse)
    assert created.status_code == 201
    own = coerce_answer((Book("x"), 202), 201)
    assert not isinstance(own, bytes)
    assert own.status_code == 202
    nothing = coerce_answer(None)
    assert not isinstance(nothing, bytes)
    assert nothing.status_code == 204

"""From what a handler returned to a response."""

import dataclasses
from typing import NamedTuple

import msgspec
import pytest

from openviper.http.coercion import coerce_response
from openviper.http.response import JSONResponse, PlainTextResponse


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


def test_what_json_cannot_carry_is_named() -> None:
    """The error says which type it was."""
    with pytest.raises(TypeError, match="complex"):
        coerce_response(1j)

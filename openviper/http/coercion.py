"""From what a handler returned to an answer."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from copy import copy
from http import HTTPStatus
from typing import TypeGuard

from openviper.http.headers import encode_content_type
from openviper.http.response import JSONResponse, PlainTextResponse, Response
from openviper.primitives.json import encode

__all__ = ["coerce_answer", "coerce_response"]


def coerce_response(result: object) -> Response:
    """Make a response of what a handler returned.

    A response stays as it is; text and bytes become ``text/plain``; None becomes 204; a pair ``(body, status)``
    or a triple ``(body, status, headers)`` sets status and headers of what its body becomes: the status a number from
    200 to 599 or an HTTPStatus, the headers a mapping or a list of pairs. An iterator or generator,
    asynchronous or plain, is streamed: text and bytes as they are, anything else as one JSON text a line
    (``application/x-ndjson``). Everything else is sent as JSON.

    Raises:
        TypeError: JSON cannot carry the value; the message names its type.
    """
    if isinstance(result, Response):
        return result
    if result is None:
        return Response(None, 204)
    if isinstance(result, str | bytes):
        return PlainTextResponse(result)
    if isinstance(result, tuple) and _is_with_status(result):
        response = coerce_response(result[0])
        if response is result[0]:
            response = copy(response)  # it may be kept for other requests, which must not get this one's headers
            response.raw_headers = list(response.raw_headers)
        response.status_code = int(result[1])
        _set_headers(response, result[2] if len(result) == 3 else ())
        return response
    if isinstance(result, AsyncIterator | Iterator):
        return _stream(result)
    return JSONResponse(result)


def coerce_answer(result: object, status: int = 200) -> Response | bytes:
    """Make the answer of a route of what its handler returned; see ``coerce_response``.

    Args:
        result: Anything that is no response.
        status: Status of data that brings none of its own.

    Returns:
        Bytes for JSON with status 200, a response for anything else.

    Raises:
        TypeError: JSON cannot carry the value; the message names its type.
    """
    is_plain = not isinstance(result, str | bytes | tuple | AsyncIterator | Iterator) and result is not None
    if is_plain and status == 200:
        return encode(result)
    if status == 200 or (isinstance(result, tuple) and _is_with_status(result)):
        return coerce_response(result)
    return coerce_response((result, status))


def _stream(items: AsyncIterator[object] | Iterator[object]) -> Response:
    # Only handlers that stream need it.
    from openviper.http.response.streaming import StreamingResponse

    response = StreamingResponse(())

    def render(item: object, *, is_first: bool) -> bytes:
        if is_first and all(name != b"content-type" for name, _ in response.raw_headers):
            # The head goes out with the first piece, so what that is decides what the whole is.
            response.raw_headers.append(encode_content_type(_media_type(item)))
        if isinstance(item, str):
            return item.encode()
        return item if isinstance(item, bytes) else encode(item) + b"\n"

    async def render_each(source: AsyncIterator[object]) -> AsyncIterator[bytes]:
        is_first = True
        try:
            async for item in source:
                yield render(item, is_first=is_first)
                is_first = False
        finally:
            close = getattr(source, "aclose", None)
            if close is not None:
                await close()

    def render_plain(source: Iterator[object]) -> Iterator[bytes]:
        is_first = True
        try:
            for item in source:
                yield render(item, is_first=is_first)
                is_first = False
        finally:
            close = getattr(source, "close", None)
            if close is not None:
                close()

    response.content = render_each(items) if isinstance(items, AsyncIterator) else render_plain(items)
    return response


def _media_type(item: object) -> str:
    if isinstance(item, str):
        return "text/plain"
    return "application/octet-stream" if isinstance(item, bytes) else "application/x-ndjson"


def _is_with_status(result: tuple[object, ...]) -> bool:
    """Tell ``(body, 201)`` from data that happens to be a tuple; named tuples are data.

    Raises:
        ValueError: It holds an HTTPStatus, which is nothing else, that no answer can have.
    """
    if type(result) is not tuple or len(result) not in (2, 3):
        return False
    status = result[1]
    if not isinstance(status, int) or isinstance(status, bool):
        return False
    if not 200 <= status <= 599:
        if isinstance(status, HTTPStatus):
            raise ValueError(f"a handler returned the status {status!r}; an answer has one from 200 to 599")
        return False
    return len(result) == 2 or _are_headers(result[2])


def _are_headers(value: object) -> TypeGuard[Mapping[str, str] | Sequence[tuple[str, str]]]:
    if isinstance(value, Mapping):
        return True
    return isinstance(value, list | tuple) and all(
        isinstance(one, tuple) and len(one) == 2 and all(isinstance(text, str) for text in one) for one in value
    )


def _set_headers(response: Response, given: Mapping[str, str] | Sequence[tuple[str, str]]) -> None:
    """Replace header fields of a response; a name that stands in a list twice is sent twice, as cookies are."""
    headers, seen = response.headers, set()
    for name, value in given.items() if isinstance(given, Mapping) else given:
        if name.lower() in seen:
            headers.append(name, value)
        else:
            headers[name] = value
            seen.add(name.lower())

"""From what a handler returned to a response."""

from copy import copy

from openviper.http.response import JSONResponse, PlainTextResponse, Response

__all__ = ["coerce_response"]


def coerce_response(result: object) -> Response:
    """Make a response of what a handler returned.

    A response stays as it is; text and bytes become ``text/plain``; None becomes 204; a pair ``(body, status)``
    or a triple ``(body, status, headers)`` sets status and headers of what its body becomes; everything else is
    sent as JSON.

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
        response.status_code = result[1]
        for name, value in result[2].items() if len(result) == 3 else ():
            response.headers[name] = value
        return response
    return JSONResponse(result)


def _is_with_status(result: tuple[object, ...]) -> bool:
    """Tell ``(body, 201)`` from data that happens to be a tuple; named tuples are data."""
    if type(result) is not tuple or len(result) not in (2, 3):
        return False
    status = result[1]
    if type(status) is not int or not 200 <= status <= 599:
        return False
    return len(result) == 2 or isinstance(result[2], dict)

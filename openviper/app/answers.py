"""From an answer to the messages that a server sends, with the hooks of the fused middleware on the way out.

Hooks run from the innermost to the outermost. An answer in memory becomes two messages without a closure around
``send``; whatever else there is (a stream, a file, a mounted application) is an ASGI application of its own, whose
``send`` is wrapped.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from openviper.exceptions import PayloadTooLarge
from openviper.http.response.base import Response
from openviper.middleware.base import Hooks, wrap_send
from openviper.middleware.errors import ErrorResponder, log_error
from openviper.types import ASGIApp, Message, RawHeaders, Receive, Scope, Send

__all__ = ["Answer", "Completion", "HookFailedError", "completions", "compose", "rewrite", "stream"]

#: A response, another ASGI application, or what is sent with status 200: the bytes of a JSON text, or plain text.
Answer: TypeAlias = ASGIApp | bytes | str

#: What changes the list of headers of a response, given the request and the status.
Completion: TypeAlias = Callable[[Scope, int, RawHeaders], None]

_JSON: Final = (b"content-type", b"application/json")
_TEXT: Final = (b"content-type", b"text/plain; charset=utf-8")
# RFC 9110 8.6, 15.3.5 and 15.4.5: such an answer has no content, so neither a type nor a length.
_WITHOUT_CONTENT: Final = frozenset((204, 304))
# The lengths of most answers, ready to be sent.
_LENGTHS_KEPT: Final = 4096
_LENGTHS: Final = tuple((b"content-length", b"%d" % length) for length in range(_LENGTHS_KEPT))


class HookFailedError(Exception):
    """A hook failed on a response; its cause is answered, and the answer passes the layers around that hook.

    Args:
        outside: How many of the hooks of the request stand outside the one that failed.
    """

    def __init__(self, outside: int) -> None:
        super().__init__(outside)
        self.outside = outside


def completions(hooks: Sequence[Hooks]) -> tuple[Completion | None, ...]:
    """Give the hooks that complete the head of a response, in the order in which they run: innermost first."""
    return tuple(layer.on_response for layer in reversed(hooks))


def compose(answer: Answer, complete: Sequence[Completion | None], scope: Scope) -> tuple[Message, Message] | None:
    """Write both messages of an answer in memory.

    Args:
        answer: What a plan or a hook gave.
        complete: The ``completions`` of the layers that the request has entered.
        scope: The request.

    Returns:
        The start and the body; None for an answer that is no such thing, see ``stream``.

    Raises:
        HookFailedError: One of the hooks raised.
    """
    status = 200
    if answer.__class__ is bytes:
        body = answer
        size = len(body)
        headers: RawHeaders = [_JSON, _LENGTHS[size] if size < _LENGTHS_KEPT else (b"content-length", b"%d" % size)]
    elif answer.__class__ is str:
        body = answer.encode()
        headers = [_TEXT]
    elif isinstance(answer, Response) and answer.is_whole:
        status, headers, body = answer.status_code, list(answer.raw_headers), answer.body
    else:
        return None
    passed = 0
    try:
        for hook in complete:
            passed += 1
            if hook is not None:
                hook(scope, status, headers)
    except Exception as error:  # raised again at once, with the place of the hook
        raise HookFailedError(len(complete) - passed) from error
    if not headers or headers[0] is not _JSON:
        return _write(scope, status, headers, body)
    return (
        {"type": "http.response.start", "status": 200, "headers": headers},
        {"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body},
    )


async def rewrite(answer: Answer, hooks: Sequence[Hooks], scope: Scope) -> tuple[Message, Message] | None:
    """Write both messages of an answer in memory where some layer replaces bodies; otherwise as ``compose``.

    Raises:
        HookFailedError: One of the hooks raised.
    """
    status = 200
    if isinstance(answer, bytes):
        headers, body = [_JSON], answer
    elif isinstance(answer, str):
        headers, body = [_TEXT], answer.encode()
    elif isinstance(answer, Response) and answer.is_whole:
        status, headers, body = answer.status_code, list(answer.raw_headers), answer.body
    else:
        return None
    is_head = scope["method"] == "HEAD"
    if is_head and all(name != b"content-length" for name, _ in headers):
        # No hook is given a body, so the length stands there for those who know that a GET would get another one.
        headers.append((b"content-length", b"%d" % len(body)))
    # A layer at a time, as the messages of a stream pass them: what an inner one says, an outer one has to mind.
    for outside, layer in reversed(list(enumerate(hooks))):
        try:
            if layer.on_body is not None and not is_head:
                body = await layer.on_body(scope, status, headers, body)
            if layer.on_response is not None:
                layer.on_response(scope, status, headers)
        except Exception as error:  # as above
            raise HookFailedError(outside) from error
    return _write(scope, status, headers, None if is_head else body)


def _write(scope: Scope, status: int, headers: RawHeaders, body: bytes | None) -> tuple[Message, Message]:
    if status in _WITHOUT_CONTENT:
        headers = [field for field in headers if field[0] not in (b"content-type", b"content-length")]
        body = b""
    elif body is not None:  # otherwise its length has been told, or is not known
        for field in headers:
            if field[0] == b"content-length":
                break
        else:
            headers.append((b"content-length", b"%d" % len(body)))
    return (
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": b"" if body is None or scope["method"] == "HEAD" else body},
    )


async def stream(
    answer: Answer, hooks: Sequence[Hooks], scope: Scope, receive: Receive, send: Send, responder: ErrorResponder
) -> None:
    """Call an answer that sends its messages itself: one of which ``compose`` gives None.

    Raises:
        Exception: The answer failed after it had begun; the server closes the connection, so that the client sees that
            it is not whole. A failure before that is answered.
    """
    started = ended = False

    async def note_start(message: Message) -> None:
        nonlocal started, ended
        started = True
        ended = message["type"] == "http.response.body" and not message.get("more_body")
        await send(message)

    wrapped: Send = note_start
    for layer in hooks:
        wrapped = wrap_send(layer, scope, wrapped)
    if isinstance(answer, bytes | str):
        answer = Response(answer, 200, None, "application/json" if isinstance(answer, bytes) else "text/plain")
    try:
        await answer(scope, receive, wrapped)
    except Exception as error:  # the outermost border: what failed before it had begun gets an answer all the same
        if ended and isinstance(error, PayloadTooLarge):
            return  # a layer has answered it already, and a mounted application has let it out as well
        if started:
            log_error(scope, error)  # once, wherever else it passes; what a server logs names no request
            raise
        response = await responder.respond(scope, receive, error)
        await response(scope, receive, wrapped)

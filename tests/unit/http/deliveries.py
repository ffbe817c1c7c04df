"""Requests with bodies, as a server would deliver them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from openviper.types import Message, Receive, Scope

BOUNDARY = b"limit"


def post(content_type: str = "", headers: Iterable[tuple[bytes, bytes]] = ()) -> Scope:
    """A scope with a body of some type."""
    fields = [(b"host", b"testserver"), *headers]
    if content_type:
        fields.append((b"content-type", content_type.encode("latin-1")))
    return {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": fields}


def multipart() -> Scope:
    """A scope with a form that has files."""
    return post(f"multipart/form-data; boundary={BOUNDARY.decode()}")


def urlencoded() -> Scope:
    """A scope with a form that has none."""
    return post("application/x-www-form-urlencoded")


def delivered(pieces: Sequence[bytes], *, lost: bool = False) -> Receive:
    """A body in pieces, and a client that goes away after it, or before its end."""
    last = len(pieces) - 1
    messages: list[Message] = [
        {"type": "http.request", "body": piece, "more_body": lost or number < last}
        for number, piece in enumerate(pieces)
    ]
    waiting = iter(messages)

    async def receive() -> Message:
        return next(waiting, {"type": "http.disconnect"})

    return receive


def part(disposition: str, content: bytes, *headers: str) -> bytes:
    """A part of a form with its boundary in front."""
    head = "\r\n".join([f"Content-Disposition: form-data; {disposition}", *headers])
    return b"--%b\r\n%b\r\n\r\n%b\r\n" % (BOUNDARY, head.encode(), content)


def form_of(*parts: bytes) -> bytes:
    """A whole form of parts."""
    return b"".join(parts) + b"--%b--\r\n" % BOUNDARY


def cut(body: bytes, size: int) -> list[bytes]:
    """A body in pieces of one size."""
    return [body[start : start + size] for start in range(0, len(body), size)] or [b""]


def open_files() -> set[str]:
    """The temporary files that this process has open; none where the system does not tell."""
    folder = Path("/proc/self/fd")
    found = set()
    for entry in folder.iterdir() if folder.is_dir() else ():
        try:
            target = str(entry.readlink())
        except OSError:
            continue  # the descriptor of the listing itself
        if "deleted" in target:
            found.add(target)
    return found

"""Cursors: a place in an order of rows, as a text that a client carries and cannot write itself.

A cursor holds what the row at its place is sorted by, and is signed together with a print of the order, so one made
for another order or another model does not fit. It is signed and not encrypted: its values can be read, and they are
those of a row that the client has been given.
"""

import base64
import binascii
import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from openviper.conf import settings
from openviper.db.exceptions import DatabaseOperationNotSupportedError, InvalidCursorError

__all__ = ["Cursor", "open_cursor", "seal_cursor"]

_PURPOSE: Final = b"openviper.db.pagination"
_SIGNATURE_BYTES: Final = 16
#: Longer ones are not made, and refused unread: servers take no more in a URL.
_MOST_CHARACTERS: Final = 8192
_TICK: Final = dt.timedelta(microseconds=1)


class Cursor(NamedTuple):
    """A place between two rows.

    Args:
        values: What the row beside it is sorted by, in the order of the keys.
        is_backward: Whether the rows before it are meant.
    """

    values: tuple[object, ...]
    is_backward: bool = False


class _Kind(NamedTuple):
    """How values of a type are written into JSON and read again."""

    type: type
    write: Callable[[Any], object]
    read: Callable[[Any], object]


def seal_cursor(cursor: Cursor, order: object) -> str:
    """Give the text of a cursor: letters, digits, ``-`` and ``_``.

    Args:
        cursor: The place.
        order: What the rows are sorted by; its ``repr`` has to be the same in every process.

    Raises:
        DatabaseOperationNotSupportedError: Rows are sorted by something that no cursor holds, such as JSON, or by a
            text that is too long for a URL.
    """
    body = orjson.dumps([int(cursor.is_backward), *(_write(value) for value in cursor.values)])
    text = base64.urlsafe_b64encode(_sign(body, order) + body).rstrip(b"=").decode()
    if len(text) > _MOST_CHARACTERS:
        raise DatabaseOperationNotSupportedError(
            f"a cursor holds what its row is sorted by, which takes {len(text)} characters here, and at most "
            f"{_MOST_CHARACTERS} go into a URL; sort by something shorter, such as Substr of the text"
        )
    return text


def open_cursor(text: str, order: object) -> Cursor:
    """Read the text of a cursor.

    Args:
        text: What a client has sent.
        order: What the rows are sorted by.

    Raises:
        InvalidCursorError: It was not made here, or not for this order (a 400).
    """
    sealed = _decode(text)
    signature, body = sealed[:_SIGNATURE_BYTES], sealed[_SIGNATURE_BYTES:]
    if not _is_equal(signature, _sign(body, order)):
        raise InvalidCursorError("The cursor is not valid here: it was changed, or made for another order of the rows.")
    is_backward, *values = orjson.loads(body)
    return Cursor(tuple(_KINDS[tag].read(value) for tag, value in values), bool(is_backward))


def _sign(body: bytes, order: object) -> bytes:
    import hashlib  # loads OpenSSL, which models without cursors have no use for
    import hmac  # loads it too

    # A key of its own, so that a signature of another part of the framework never passes for one of a cursor.
    key = hashlib.sha256(_PURPOSE + b"\0" + settings.SECRET_KEY.encode()).digest()
    print_of_order = hashlib.sha256(repr(order).encode()).digest()
    return hmac.digest(key, print_of_order + body, "sha256")[:_SIGNATURE_BYTES]


def _is_equal(given: bytes, wanted: bytes) -> bool:
    """Compare in a time that says nothing of the place of the first difference."""
    import hmac  # loads OpenSSL

    return hmac.compare_digest(given, wanted)


def _decode(text: object) -> bytes:
    if not isinstance(text, str) or not text or len(text) > _MOST_CHARACTERS:
        raise InvalidCursorError("The cursor is not one: it is empty, too long or no text.")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidCursorError("The cursor is not one: it holds characters that none has.") from error
    # The last character may carry bits that nobody reads; one text for one cursor keeps caches honest.
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise InvalidCursorError("The cursor is not one: it was cut or added to.")
    return data


def _write(value: object) -> tuple[str, object]:
    if isinstance(value, Enum):
        value = value.value
    for tag, kind in _KINDS.items():
        if type(value) is kind.type:
            return tag, kind.write(value)
    for tag, kind in _KINDS.items():
        if isinstance(value, kind.type):
            return tag, kind.write(value)
    raise DatabaseOperationNotSupportedError(
        f"rows that are sorted by a {type(value).__name__} have no cursors; sort by something that is one value"
    )


# By one letter each. A subclass comes before its parent: a datetime is a date, and a bool is an int.
_KINDS: Final[dict[str, _Kind]] = {
    "n": _Kind(type(None), lambda _: None, lambda _: None),
    "b": _Kind(bool, bool, bool),
    # As text: readers of JSON keep 64 bits, and a float as Python writes it comes back to the last bit.
    "i": _Kind(int, int.__repr__, int),
    "f": _Kind(float, float.__repr__, float),
    "s": _Kind(str, str.__str__, str),
    "t": _Kind(dt.datetime, dt.datetime.isoformat, dt.datetime.fromisoformat),
    "d": _Kind(dt.date, dt.date.isoformat, dt.date.fromisoformat),
    "c": _Kind(dt.time, dt.time.isoformat, dt.time.fromisoformat),
    "l": _Kind(dt.timedelta, lambda value: str(value // _TICK), lambda text: int(text) * _TICK),
    "m": _Kind(Decimal, str, Decimal),
    "u": _Kind(UUID, str, UUID),
    "x": _Kind(bytes, bytes.hex, bytes.fromhex),
}

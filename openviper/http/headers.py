"""Header fields: read-only ones of a request, changeable ones of a response."""

import re
from collections.abc import ItemsView, Iterator, Mapping
from typing import ClassVar, Final, TypeVar, overload

from openviper.types import RawHeaders

__all__ = ["Headers", "MutableHeaders", "encode_content_type", "encode_header"]

T = TypeVar("T")

# RFC 9110 5.6.2: what a field name may consist of.
_TOKEN: Final = frozenset(b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

# RFC 9110 5.5: what a field value must not hold; a tab is allowed inside.
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class Headers(Mapping[str, str]):
    """Header fields of a request: names in any case, values as text.

    As a mapping it gives the first value of a name; ``getlist`` gives all of them.

    Args:
        raw: Pairs of lower-case name and value, as ASGI delivers them; kept, not copied.
    """

    __slots__ = ("_first", "raw")

    #: What values are decoded from; a field of HTTP is bytes that have no charset of their own.
    charset: ClassVar[str] = "latin-1"

    def __init__(self, raw: RawHeaders) -> None:
        self.raw = raw
        self._first: dict[bytes, bytes] | None = None

    @overload
    def get(self, key: str, /) -> str | None: ...
    @overload
    def get(self, key: str, /, default: str | T) -> str | T: ...

    def get(self, key: str, /, default: str | T | None = None) -> str | T | None:
        """Give the first value of a name, or the default."""
        value = self._index().get(key.lower().encode("latin-1", "replace"))
        return default if value is None else value.decode(self.charset)

    def getlist(self, key: str) -> list[str]:
        """Give every value of a name in the order received; an empty list when there is none."""
        name = key.lower().encode("latin-1", "replace")
        return [value.decode(self.charset) for found, value in self.raw if found.lower() == name]

    def items(self) -> ItemsView[str, str]:
        """Give every field in the order received; a repeated name appears once for each of its values."""
        return _AllFields(self)

    def __getitem__(self, key: str) -> str:
        value = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.get(key) is not None

    def __iter__(self) -> Iterator[str]:
        return (name.decode("latin-1") for name in self._index())

    def __len__(self) -> int:
        return len(self._index())

    def __repr__(self) -> str:
        # Values may be credentials, so only names are shown.
        return f"{type(self).__name__}({', '.join(self)})"

    def _index(self) -> dict[bytes, bytes]:
        if self._first is None:
            # Built backwards, so that the first of several values stays.
            self._first = {name.lower(): value for name, value in reversed(self.raw)}
        return self._first


class MutableHeaders(Headers):
    """Header fields of a response, checked as they are set.

    Every write changes the list that was given, so a response and its ``headers`` are the same thing.

    Raises:
        ValueError: A name is no token, or a value holds CR, LF, NUL or a character outside latin-1; such a
            value could smuggle in another header (RFC 9110, 5.5).
    """

    __slots__ = ()

    def __setitem__(self, key: str, value: str) -> None:
        name, content = encode_header(key, value)
        self._remove(name)
        self.raw.append((name, content))

    def __delitem__(self, key: str) -> None:
        if not self._remove(key.lower().encode("latin-1", "replace")):
            raise KeyError(key)

    def append(self, key: str, value: str) -> None:
        """Add a field and keep those of the same name."""
        self.raw.append(encode_header(key, value))
        self._first = None

    def setdefault(self, key: str, value: str) -> str:
        """Set a field unless the name is there; give the value that holds afterwards."""
        present = self.get(key)
        if present is not None:
            return present
        self.append(key, value)
        return value

    def _remove(self, name: bytes) -> bool:
        kept = [field for field in self.raw if field[0].lower() != name]
        removed = len(kept) != len(self.raw)
        self.raw[:] = kept
        self._first = None
        return removed


def encode_header(name: str, value: str) -> tuple[bytes, bytes]:
    """Encode one field for ASGI, name in lower case.

    Raises:
        ValueError: See ``MutableHeaders``.
    """
    try:
        key, content = name.lower().encode("ascii"), value.encode("latin-1")
    except UnicodeEncodeError as error:
        raise ValueError(f"header {name!r}: {error.object!r} has characters that a header cannot carry") from error
    if not key or not _TOKEN.issuperset(key):
        raise ValueError(f"{name!r} is no header name")
    if _CONTROLS.search(content):
        raise ValueError(f"header {name!r}: the value holds a line break or another control character")
    if content != content.strip(b" \t"):
        raise ValueError(f"header {name!r}: the value has white space around it, which no server sends")
    return key, content


def encode_content_type(media_type: str) -> tuple[bytes, bytes]:
    """Encode the type of a content; text types get ``; charset=utf-8`` unless they name another one.

    Raises:
        ValueError: See ``MutableHeaders``.
    """
    if media_type[:5].lower() == "text/" and "charset=" not in media_type.lower():
        media_type = f"{media_type}; charset=utf-8"
    return encode_header("content-type", media_type)


class _AllFields(ItemsView[str, str]):
    """Pairs of name and value with repetitions, where a plain mapping would show the first value only."""

    def __init__(self, headers: Headers) -> None:
        super().__init__(headers)
        self._headers = headers

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((name.decode("latin-1"), value.decode(self._headers.charset)) for name, value in self._headers.raw)

    def __len__(self) -> int:
        return len(self._headers.raw)

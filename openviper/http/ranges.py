"""Byte ranges: which parts of a content a client asks for (RFC 9110, 14)."""

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["MAX_RANGES", "ByteRange", "UnsatisfiableRangeError", "parse_range"]

# Players and readers of documents ask for a few; floods of small or overlapping ranges have brought servers down.
MAX_RANGES: Final = 16
# No file has more digits in its length, and Python takes time in the square of the length for long numbers.
_MOST_DIGITS: Final = 18

_SPEC: Final = re.compile(r"(?P<first>[0-9]*)-(?P<last>[0-9]*)", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class ByteRange:
    """Some bytes in a row.

    Args:
        start: Offset of the first one.
        stop: Offset behind the last one; larger than start.
    """

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def format(self, size: int) -> str:
        """Write the ``Content-Range`` for this part of a content.

        Args:
            size: Length of the whole content, in bytes.
        """
        return f"bytes {self.start}-{self.stop - 1}/{size}"


class UnsatisfiableRangeError(ValueError):
    """None of the ranges lies in the content; the answer is 416."""


def parse_range(header: str, size: int) -> list[ByteRange] | None:
    """Read a ``Range`` field.

    Args:
        header: The value of the field.
        size: Length of the content, in bytes.

    Returns:
        At least one range, none empty, none beyond the content, no two of them overlapping; in the order that was asked
        for, unless some had to be joined. None for what is to be ignored: another unit, malformed text, or more
        than ``MAX_RANGES`` ranges.

    Raises:
        UnsatisfiableRangeError: It is well formed, and no range begins within the content.
    """
    unit, separator, specs = header.partition("=")
    if not separator or unit.strip().lower() != "bytes" or specs.count(",") >= MAX_RANGES:
        return None
    ranges: list[ByteRange] = []
    is_asked = False
    for spec in specs.split(","):
        text = spec.strip(" \t")
        if not text:
            continue  # RFC 9110 5.6.1: a list may have empty elements
        found = _SPEC.fullmatch(text)
        if found is None or text == "-":
            return None
        first, last = _number(found["first"]), _number(found["last"])
        if first is not None and last is not None and last < first:
            return None
        is_asked = True
        if first is None:
            # The last so many bytes.
            first, stop = max(size - (last or 0), 0), size
        else:
            stop = size if last is None else min(last + 1, size)
        if first < stop:
            ranges.append(ByteRange(first, stop))
    if not is_asked:
        return None
    if not ranges:
        raise UnsatisfiableRangeError(f"{header!r} asks for nothing within {size} bytes")
    return _join(ranges)


def _number(digits: str) -> int | None:
    if not digits:
        return None
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= _MOST_DIGITS else 10**_MOST_DIGITS


def _join(ranges: list[ByteRange]) -> list[ByteRange]:
    """Join what overlaps or touches, so that no byte is sent twice (RFC 9110, 15.3.7.2)."""
    joined: list[ByteRange] = []
    for part in sorted(ranges):
        if joined and part.start <= joined[-1].stop:
            joined[-1] = ByteRange(joined[-1].start, max(joined[-1].stop, part.stop))
        else:
            joined.append(part)
    return ranges if len(joined) == len(ranges) else joined

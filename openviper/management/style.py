"""Colours of a terminal, and plain text everywhere else."""

import os
from collections.abc import Mapping
from typing import Final, Literal, TextIO, TypeAlias

__all__ = ["Style", "is_coloured", "paint", "write_text"]

Style: TypeAlias = Literal["green", "yellow", "red", "cyan", "bold", "dim"]

_CODES: Final[Mapping[Style, str]] = {
    "green": "32",
    "yellow": "33",
    "red": "31",
    "cyan": "36",
    "bold": "1",
    "dim": "2",
}


def is_coloured(stream: TextIO) -> bool:
    """Tell whether a stream shows colours: a terminal that is not dumb, without ``NO_COLOR`` (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, style: Style, stream: TextIO) -> str:
    """Return the text as the stream should show it, plain where it shows no colours."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if is_coloured(stream) else text


def write_text(stream: TextIO, text: str) -> None:
    """Write text to a stream, with escapes for what its encoding cannot carry (a terminal without UTF-8)."""
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))

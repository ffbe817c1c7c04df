"""An exception as text, whatever its class does; and what may be asked of a class that does so."""

import traceback
from collections.abc import Callable
from typing import Final, TypeVar

from openviper.exceptions import OpenViperError

__all__ = ["class_name", "place_in_documentation", "traceback_text", "tried"]

T = TypeVar("T")

# Of each end: the first lines tell where it began, the last what it was.
_MOST_CHARACTERS: Final = 50_000

# Read past a metaclass, which may have made a property of either.
_qualified_name: Final = type.__dict__["__qualname__"].__get__
_module: Final = type.__dict__["__module__"].__get__


def tried(read: Callable[[], T], otherwise: T) -> T:
    """Call what runs code of the project, and take something else where that raises."""
    try:
        return read()
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - part of the outermost border: it is only shown, and may raise SystemExit too
        return otherwise


def class_name(kind: type) -> str:
    """Give the name of a class, with its module unless that is the builtins."""
    name, module = str(_qualified_name(kind)), tried(lambda: str(_module(kind)), "?")
    return name if module == "builtins" else f"{module}.{name}"


def place_in_documentation(error: BaseException) -> str | None:
    """Tell where errors of this kind are described; None for those that are not of the framework."""
    docs: object = tried(lambda: error.docs, None) if isinstance(error, OpenViperError) else None
    return docs if isinstance(docs, str) else None


def traceback_text(error: BaseException) -> str:
    """Write the traceback of an exception, and where such errors are described; never fails.

    Of a very long one the beginning and the end are left, 50,000 characters each. Where the standard library cannot
    write it, since a loader or class of the project fails, it is calls without source and the name of the class.
    """
    lines = tried(lambda: traceback.format_exception(error), None)
    text = _outline(error) if lines is None else "".join(lines)
    left_out = len(text) - 2 * _MOST_CHARACTERS
    if left_out > 0:
        text = f"{text[:_MOST_CHARACTERS]}\n… {left_out:,} characters left out …\n{text[-_MOST_CHARACTERS:]}"
    docs = place_in_documentation(error)
    return text if docs is None else f"{text}see: {docs}\n"


def _outline(error: BaseException) -> str:
    calls = [
        f'  File "{frame.f_code.co_filename}", line {line}, in {frame.f_code.co_qualname}\n'
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    head = "Traceback (most recent call last, without source):\n" if calls else ""
    message = tried(lambda: str(error), "<its text cannot be written>")
    return f"{head}{''.join(calls)}{class_name(type(error))}: {message}\n"

"""What the engine raises, told as an error of ours with file and line."""

import contextlib
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType
from typing import Final

import jinja2
from jinja2.sandbox import safe_range

from openviper.templating.exceptions import TemplateError, TemplateNotFoundError

__all__ = ["named_faults"]

# A template that includes itself fills the stack with itself; nobody nests one this deep on purpose.
_ENDLESS: Final = 20


@contextlib.contextmanager
def named_faults(folders: Sequence[Path]) -> Iterator[None]:
    """Turn the engine's errors into ours; what a called function raises passes through.

    Args:
        folders: The folders that are searched, for the message.

    Raises:
        TemplateNotFoundError: A template, or one that it names, cannot be found.
        TemplateError: A template is wrong; the engine's error is chained.
    """
    try:
        yield
    except jinja2.TemplateNotFound as error:
        path, line = _place(error)
        # The engine's own text repeats the name; another one is the reason of the loader.
        name = str(error.name)
        reason = None if error.message in (None, name) else error.message
        raise TemplateNotFoundError(name, searched=folders, reason=reason, path=path, line=line) from error
    except jinja2.TemplateSyntaxError as error:
        path = None if error.filename is None else Path(error.filename)
        raise TemplateError(error.message or "syntax error", path=path, line=error.lineno) from error
    except jinja2.TemplateError as error:
        path, line = _place(error)
        raise TemplateError(error.message or type(error).__name__, path=path, line=line) from error
    except OverflowError as error:
        if _last_code(error) is not safe_range.__code__:
            raise  # of a function that a template called
        path, line = _place(error)
        raise TemplateError(str(error), path=path, line=line) from error
    except RecursionError as error:
        names = [name for name, count in Counter(name for name, _ in _steps(error)).items() if count > _ENDLESS]
        if not names:
            raise  # of a function that a template called
        path, line = _place(error)
        text = f"templates nest without end through include, extends, import or a macro: {', '.join(names)}"
        raise TemplateError(text, path=path, line=line) from error


def _last_code(error: BaseException) -> CodeType:
    """Give the code that raised an error."""
    return [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)][-1]


def _place(error: BaseException) -> tuple[Path | None, int | None]:
    """Find the innermost line of a template that an error passed."""
    steps = list(_steps(error))
    if not steps:
        return None, None
    name, line = steps[-1]
    return (None if name.startswith("<") else Path(name)), line


def _steps(error: BaseException) -> Iterator[tuple[str, int]]:
    """Yield file and line of each template on the way; the engine has put those into the traceback."""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if "__jinja_exception__" in frame.f_globals:
            yield frame.f_code.co_filename, line

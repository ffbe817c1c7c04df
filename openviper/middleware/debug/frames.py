"""An exception taken apart: its chain, the frames of each link, their source lines and variables."""

import inspect
import linecache
import os
import sysconfig
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final

from openviper.exceptions import OpenViperError
from openviper.middleware.debug.values import show_value

__all__ = ["Failure", "Frame", "SourceLine", "read_failures", "working_directory"]

_LINES_AROUND: Final = 5
_MOST_VARIABLES: Final = 40
# An endless recursion has a thousand frames, which say the same.
_OUTER_FRAMES: Final = 10
_INNER_FRAMES: Final = 30
_MOST_FAILURES: Final = 12
_MOST_MESSAGE: Final = 4000

_PACKAGE: Final = f"{Path(__file__).parents[2]}{os.sep}"
_LIBRARIES: Final = (
    "<",  # code without a file: the import system, and what the framework compiles
    _PACKAGE,
    *{f"{sysconfig.get_path(name)}{os.sep}" for name in ("stdlib", "platstdlib", "purelib", "platlib")},
)
_FOLDERS_OF_LIBRARIES: Final = frozenset({"site-packages", "dist-packages"})


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One line of a source file, without the indentation that all shown lines share."""

    number: int
    text: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """One call that had not ended.

    Args:
        place: The file, as short as it is clear.
        line: Number of the line that was running.
        function: Name with the classes and functions around it.
        source: The line and those around it; empty when there is no source.
        variables: Names and values as text, in order of appearance.
        is_project: Whether the code belongs to the project, not to a library.
    """

    place: str
    line: int
    function: str
    source: tuple[SourceLine, ...]
    variables: tuple[tuple[str, str], ...]
    is_project: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """One exception of a chain.

    Args:
        relation: How the one before it depends on it (``Caused by``); empty for the first.
        kind: Name of its class, with the module unless that is a builtin.
        message: Its text; may be empty.
        notes: What was added to it.
        docs: Where such errors are described; None for those that are not of the framework.
        frames: The calls, the most recent first.
        frames_left_out: How many are missing in the middle.
    """

    relation: str
    kind: str
    message: str
    notes: tuple[str, ...]
    docs: str | None
    frames: tuple[Frame, ...]
    frames_left_out: int

    @property
    def has_project_frame(self) -> bool:
        """Whether code of the project was running."""
        return any(frame.is_project for frame in self.frames)


def read_failures(error: BaseException) -> list[Failure]:
    """Take an exception apart: itself first, then what it comes from and the members of a group."""
    return [_read_failure(one, relation) for relation, one in islice(_chain(error), _MOST_FAILURES)]


def working_directory() -> Path | None:
    """Give the folder that the process runs in; None when somebody has deleted it."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return None


def _chain(error: BaseException) -> Iterator[tuple[str, BaseException]]:
    seen: set[int] = set()
    waiting: list[tuple[str, BaseException]] = [("", error)]
    while waiting:
        relation, one = waiting.pop()
        if id(one) in seen:
            continue  # a chain can be tied into a ring
        seen.add(id(one))
        yield relation, one
        if one.__cause__ is not None:
            waiting.append(("Caused by", one.__cause__))
        elif one.__context__ is not None and not one.__suppress_context__:
            waiting.append(("Raised while this was handled", one.__context__))
        if isinstance(one, BaseExceptionGroup):
            members = one.exceptions
            waiting += [(f"Error {n} of {len(members)} in the group", member) for n, member in enumerate(members, 1)][
                ::-1
            ]


def _read_failure(error: BaseException, relation: str) -> Failure:
    # The standard library writes an exception whatever its __str__ does; frames are read below, with their variables.
    written = traceback.TracebackException(type(error), error, None, limit=0, compact=True)
    kind = type(error)
    steps = list(_iter_steps(error.__traceback__))
    left_out = max(0, len(steps) - _OUTER_FRAMES - _INNER_FRAMES)
    kept = steps[:_OUTER_FRAMES] + steps[_OUTER_FRAMES + left_out :]
    return Failure(
        relation,
        kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}",
        str(written)[:_MOST_MESSAGE],
        tuple(str(note)[:_MOST_MESSAGE] for note in written.__notes__ or ()),
        error.docs if isinstance(error, OpenViperError) else None,
        tuple(_read_frame(frame, line) for frame, line in reversed(kept)),
        left_out,
    )


def _iter_steps(step: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    while step is not None:
        yield step.tb_frame, step.tb_lineno
        step = step.tb_next


def _read_frame(frame: FrameType, line: int) -> Frame:
    code = frame.f_code
    return Frame(
        _short_path(code.co_filename),
        line,
        code.co_qualname,
        _read_source(frame, line),
        _read_variables(frame),
        _is_project(code.co_filename),
    )


def _read_source(frame: FrameType, line: int) -> tuple[SourceLine, ...]:
    name = frame.f_code.co_filename
    linecache.checkcache(name)
    lines = linecache.getlines(name, frame.f_globals)
    first = max(1, line - _LINES_AROUND)
    shown = [text.rstrip().expandtabs(4) for text in lines[first - 1 : line + _LINES_AROUND]]
    indentation = min((len(text) - len(text.lstrip()) for text in shown if text), default=0)
    return tuple(
        SourceLine(number, text[indentation:], number == line) for number, text in enumerate(shown, start=first)
    )


def _read_variables(frame: FrameType) -> tuple[tuple[str, str], ...]:
    # The body of a class, or code given to exec(), may keep its names in a mapping of the project's own.
    is_function = frame.f_code.co_flags & inspect.CO_OPTIMIZED
    names: Mapping[str, object] = frame.f_locals
    if not is_function and type(names) is not dict:
        return ()
    own = [(name, value) for name, value in list(names.items()) if not name.startswith(("__", "@"))]
    shown = [(name, show_value(value, name)) for name, value in own[:_MOST_VARIABLES]]
    if len(own) > _MOST_VARIABLES:
        shown.append(("…", f"{len(own) - _MOST_VARIABLES} more"))
    return tuple(shown)


def _is_project(name: str) -> bool:
    return not (name.startswith(_LIBRARIES) or _FOLDERS_OF_LIBRARIES.intersection(Path(name).parts))


def _short_path(name: str) -> str:
    """Leave out the folder of the project, or that of the installed packages."""
    for folder in (working_directory(), Path(_PACKAGE).parent, *map(Path, _LIBRARIES[2:])):
        if folder is not None and Path(name).is_relative_to(folder):
            return str(Path(name).relative_to(folder))
    return name

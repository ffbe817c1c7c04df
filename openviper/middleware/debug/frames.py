"""An exception taken apart: its chain, the frames of each link, their source lines and variables."""

import inspect
import linecache
import os
import sysconfig
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final, TypeAlias

from openviper.middleware.debug.text import class_name, place_in_documentation, tried
from openviper.middleware.debug.values import is_secret, show_value

__all__ = ["Failure", "Frame", "SourceLine", "read_failures", "working_directory"]

_LINES_AROUND: Final = 5
_MOST_VARIABLES: Final = 40
# An endless recursion has a thousand frames, which say the same.
_OUTER_FRAMES: Final = 10
_INNER_FRAMES: Final = 30
_MOST_FAILURES: Final = 12
_MOST_MESSAGE: Final = 4000
_MOST_NOTES: Final = 20
# A line of generated code may hold a whole table.
_MOST_LINE: Final = 300

_PACKAGE: Final = f"{Path(__file__).parents[2]}{os.sep}"
_LIBRARIES: Final = (
    "<",  # code without a file: the import system, and what the framework compiles
    _PACKAGE,
    *{f"{sysconfig.get_path(name)}{os.sep}" for name in ("stdlib", "platstdlib", "purelib", "platlib")},
)
_FOLDERS_OF_LIBRARIES: Final = frozenset({"site-packages", "dist-packages"})


_Write: TypeAlias = Callable[[object, str], str]


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
    write = _writer()
    return [_read_failure(one, relation, write) for relation, one in islice(_chain(error), _MOST_FAILURES)]


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
        cause, context = _linked(one, "__cause__"), _linked(one, "__context__")
        if cause is not None:
            waiting.append(("Caused by", cause))
        elif context is not None and not one.__suppress_context__:
            waiting.append(("Raised while this was handled", context))
        if isinstance(one, BaseExceptionGroup):
            # As the group was made: a class of the project may say otherwise, and anything.
            members = BaseExceptionGroup.__dict__["exceptions"].__get__(one)
            told = [
                (f"Error {number} of {len(members)} in the group", member)
                for number, member in enumerate(members[:_MOST_FAILURES], 1)
            ]
            waiting += reversed(told)


def _linked(error: BaseException, name: str) -> BaseException | None:
    other: object = tried(lambda: getattr(error, name), None)
    return other if isinstance(other, BaseException) else None


def _read_failure(error: BaseException, relation: str, write: _Write) -> Failure:
    steps = list(_iter_steps(error.__traceback__))
    left_out = max(0, len(steps) - _OUTER_FRAMES - _INNER_FRAMES)
    kept = steps[:_OUTER_FRAMES] + steps[_OUTER_FRAMES + left_out :]
    return Failure(
        relation,
        class_name(type(error)),
        tried(lambda: _message(error), "<exception str() failed>")[:_MOST_MESSAGE],
        _read_notes(error),
        place_in_documentation(error),
        tuple(_read_frame(frame, line, write) for frame, line in reversed(kept)),
        left_out,
    )


def _message(error: BaseException) -> str:
    if isinstance(error, AttributeError | ImportError | NameError):
        # The standard library adds the name that was meant; it reads the whole chain, so nothing else asks it.
        return str(traceback.TracebackException(type(error), error, None, limit=0, compact=True))
    return str(error)


def _read_notes(error: BaseException) -> tuple[str, ...]:
    notes: object = tried(lambda: getattr(error, "__notes__", ()), ())
    if not isinstance(notes, list | tuple):
        notes = (notes,)  # somebody has set the attribute instead of adding to it
    return tuple(_write_note(note)[:_MOST_MESSAGE] for note in notes[:_MOST_NOTES])


def _write_note(note: object) -> str:
    return tried(lambda: str(note), "<note str() failed>")


def _iter_steps(step: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    while step is not None:
        yield step.tb_frame, step.tb_lineno
        step = step.tb_next


def _read_frame(frame: FrameType, line: int, write: _Write) -> Frame:
    code = frame.f_code
    return Frame(
        _short_path(code.co_filename),
        line,
        code.co_qualname,
        _read_source(frame, line),
        _read_variables(frame, write),
        _is_project(code.co_filename),
    )


def _read_source(frame: FrameType, line: int) -> tuple[SourceLine, ...]:
    name = frame.f_code.co_filename
    first = max(1, line - _LINES_AROUND)
    no_lines: list[str] = []
    lines = tried(lambda: _read_lines(name, frame.f_globals), no_lines)
    shown = [text.rstrip().expandtabs(4) for text in lines[first - 1 : line + _LINES_AROUND]]
    indentation = min((len(text) - len(text.lstrip()) for text in shown if text), default=0)
    return tuple(
        SourceLine(number, _cut(text[indentation:]), number == line) for number, text in enumerate(shown, start=first)
    )


def _read_lines(name: str, names: dict[str, object]) -> list[str]:
    linecache.checkcache(name)
    return linecache.getlines(name, names)  # asks the loader of the module, where there is no such file


def _cut(line: str) -> str:
    return line if len(line) <= _MOST_LINE else f"{line[:_MOST_LINE]}…"


def _writer() -> _Write:
    """Give a function that writes values; one that is passed on from call to call is written once."""
    # The values are kept as well, so that none of them leaves its id to another one.
    known: dict[tuple[int, bool], tuple[object, str]] = {}

    def write(value: object, name: str) -> str:
        key = (id(value), is_secret(name))
        if key not in known:
            known[key] = (value, show_value(value, name))
        return known[key][1]

    return write


def _read_variables(frame: FrameType, write: _Write) -> tuple[tuple[str, str], ...]:
    # The body of a class, or code given to exec(), may keep its names in a mapping of the project's own.
    is_function = frame.f_code.co_flags & inspect.CO_OPTIMIZED
    names: Mapping[str, object] = frame.f_locals
    if not is_function and type(names) is not dict:
        return ()
    own = [(name, value) for name, value in list(names.items()) if _is_shown(name)]
    shown = [(name, write(value, name)) for name, value in own[:_MOST_VARIABLES]]
    if len(own) > _MOST_VARIABLES:
        shown.append(("…", f"{len(own) - _MOST_VARIABLES} more"))
    return tuple(shown)


def _is_shown(name: object) -> bool:
    # A namespace for exec() may have keys of any kind.
    return isinstance(name, str) and not name.startswith(("__", "@"))


def _is_project(name: str) -> bool:
    return not (name.startswith(_LIBRARIES) or _FOLDERS_OF_LIBRARIES.intersection(Path(name).parts))


def _short_path(name: str) -> str:
    """Leave out the folder of the project, or that of the installed packages."""
    for folder in (working_directory(), Path(_PACKAGE).parent, *map(Path, _LIBRARIES[2:])):
        if folder is not None and Path(name).is_relative_to(folder):
            return str(Path(name).relative_to(folder))
    return name

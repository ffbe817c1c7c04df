"""The source of one plan while it is written: its lines, and the objects that they name."""

import copy
import datetime as dt
import decimal
import enum
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from openviper.routing.arguments import Factory

__all__ = ["Script"]

_UNCHANGING: Final = (
    bool, int, float, str, bytes, type, uuid.UUID, decimal.Decimal, dt.date, dt.time, dt.timedelta, enum.Enum,
    None.__class__,
)  # fmt: skip


class Script:
    """Lines of the body of one function.

    Only names chosen here, numbers and ``repr`` of strings reach the source; objects of a project are bound to a name
    of ours, which holds a number so that it is no other local.
    """

    def __init__(self) -> None:
        self.names: dict[str, object] = {}
        self._lines: list[str] = []
        self._depth = 1
        self._count = 0

    def bind(self, stem: str, value: object) -> str:
        """Give a name under which the source finds an object."""
        name = self.local(stem)
        self.names[name] = value
        return name

    def local(self, stem: str) -> str:
        """Give a name that nothing else in the source has."""
        self._count += 1
        return f"{stem}_{self._count}"

    def write_default(self, default: object) -> str:
        """Give what makes a default anew, so that no request finds in it what an earlier one has left there."""
        if isinstance(default, Factory):
            return f"{self.bind('make', default.make)}()"
        name = self.bind("default", default)
        if isinstance(default, list | dict | set) and not default:
            return f"{name}.copy()"
        if isinstance(default, _UNCHANGING) or not _can_be_copied(default):
            return name
        return f"{self.bind('copy', copy.deepcopy)}({name})"

    def add(self, *lines: str) -> None:
        """Write lines at the present depth."""
        self._lines += [f"{'    ' * self._depth}{line}" for line in lines]

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Write a line that opens a block, and what is added meanwhile within it."""
        self.add(head)
        self._depth += 1
        yield
        self._depth -= 1

    def source(self, head: str) -> str:
        """Give the whole function.

        Args:
            head: Its first line.
        """
        return "\n".join([head, *self._lines, ""])


def _can_be_copied(default: object) -> bool:
    """Tell whether a copy is another object; such as a lock cannot be copied, and is shared as its author wrote it."""
    try:
        return copy.deepcopy(default) is not default
    except (TypeError, copy.Error):
        return False

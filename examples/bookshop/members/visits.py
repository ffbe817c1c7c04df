"""The number of the next visit."""

import itertools
from collections.abc import Iterator


class VisitCounter:
    """Numbers visits from 1 since its last restart."""

    def __init__(self) -> None:
        self._numbers: Iterator[int] | None = None

    def restart(self) -> None:
        """Begin at one."""
        self._numbers = itertools.count(1)

    def count(self) -> int:
        """Count one more visit and return its number.

        Raises:
            RuntimeError: Nobody has called ``restart``.
        """
        if self._numbers is None:
            raise RuntimeError("members is not ready; is it in INSTALLED_APPS?")
        return next(self._numbers)


counter = VisitCounter()

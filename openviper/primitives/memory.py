"""Memory of the process, as far as Python lets one have a say."""

from functools import cache
from typing import Final

__all__ = ["keep_freed_memory"]

_LARGEST: Final = 8 * 1024 * 1024


@cache
def keep_freed_memory() -> None:
    """Keep up to 16 MB that are free for what comes next, instead of handing them back to the system at once.

    For code that takes and frees hundreds of kilobytes with each request: glibc hands memory back as soon as twice the
    largest block that was ever freed lies unused, and fetching its pages again costs as much as a request. Each thread
    that does so keeps some of its own. Further calls do nothing, nor does the first on systems that manage memory in
    other ways, or where ``MALLOC_TRIM_THRESHOLD_`` says how it is to be.
    """
    # Freed before any of its pages is touched, so it takes no memory itself.
    bytes(_LARGEST)

"""The closest name to a misspelt one."""

from collections.abc import Iterable

__all__ = ["closest"]


def closest(name: str, candidates: Iterable[str], *, cutoff: float = 0.75) -> str | None:
    """Find the candidate that a misspelt name most likely means.

    Args:
        name: What was written.
        candidates: What could have been meant.
        cutoff: How alike the two must be, from 0 (not at all) to 1 (equal).

    Returns:
        The candidate, or None if nothing is alike enough.
    """
    import difflib  # the path of an error only

    return next(iter(difflib.get_close_matches(name, list(candidates), n=1, cutoff=cutoff)), None)

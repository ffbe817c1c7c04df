"""The closest name to a misspelt one."""

from collections.abc import Iterable

__all__ = ["closest", "is_one_slip"]


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


def is_one_slip(name: str, meant: str) -> bool:
    """Tell whether a name is another one with a letter too many, too few or wrong, or two neighbours swapped."""
    end = min(len(name), len(meant))
    start = next((place for place in range(end) if name[place] != meant[place]), end)
    same_behind = next((place for place in range(end - start) if name[-1 - place] != meant[-1 - place]), end - start)
    one, other = name[start : len(name) - same_behind], meant[start : len(meant) - same_behind]
    return name != meant and (max(len(one), len(other)) == 1 or (len(one) == 2 and one == other[::-1]))

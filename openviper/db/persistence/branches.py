"""The order in which rows of a tree are deleted: leaves first, in parts that the engine can take."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

__all__ = ["MOST_LEVELS", "leaves_first"]

#: Most levels of a tree in one part. SQLite gives up where a cascade goes down a thousand.
MOST_LEVELS: Final = 256


def leaves_first(
    targets: Mapping[object, Collection[object]], *, most_rows: int, most_levels: int = MOST_LEVELS
) -> list[list[object]]:
    """Divide rows so that whatever refers to a row is in the same part or in one before.

    Args:
        targets: Keys of the rows, with those that each of them refers to; others than these rows do not count.
        most_rows: Most rows of a part. Rows that refer to each other in a circle, and what they hold, are one part
            however many they are.
        most_levels: Most levels of a part.
    """
    counts = dict.fromkeys(targets, 0)
    for key, others in targets.items():
        for other in others:
            if other in counts and other != key:
                counts[other] += 1
    parts: list[list[object]] = []
    level = [key for key, count in counts.items() if not count]
    levels = 0
    while level:
        if levels % most_levels == 0:
            parts.append([])
        for key in level:
            if len(parts[-1]) == most_rows:
                parts.append([])
            parts[-1].append(key)
        level = _let_go(level, targets, counts)
        levels += 1
    if counts:
        parts.append(list(counts))
    return parts


def _let_go(
    level: Sequence[object], targets: Mapping[object, Collection[object]], counts: dict[object, int]
) -> list[object]:
    """Take rows out of what is left, and give those that nothing refers to any more."""
    free: list[object] = []
    for key in level:
        del counts[key]
        for other in targets[key]:
            if other in counts and other != key:
                counts[other] -= 1
                if not counts[other]:
                    free.append(other)
    return free

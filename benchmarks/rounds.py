"""Taking turns: every side once a round, then medians and a ratio."""

import statistics
from collections.abc import Collection, Iterator, Mapping, Sequence


def turns(sides: Collection[str], *, rounds: int) -> Iterator[str]:
    """Yield the name of every side once a round, and one round more, which ``medians`` leaves out."""
    for _ in range(rounds + 1):
        yield from sides


def medians(taken: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Give the median of each side, without its first value: that one paid for caches of byte code and files."""
    return {name: statistics.median(values[1:]) for name, values in taken.items()}


def table(seconds: Mapping[str, float], *, against: str, unit: float, unit_name: str) -> str:
    """Draw the medians, each with its ratio to one of them.

    Args:
        seconds: Name to median in seconds.
        against: The side that counts as one.
        unit: Seconds in one unit of the table.
        unit_name: What that unit is called.
    """
    width = max(map(len, seconds))
    return "\n".join(
        f"{name:{width}}  {value / unit:9.2f} {unit_name}  {value / seconds[against]:5.2f}x"
        for name, value in seconds.items()
    )

"""How a refused value is told: one entry of the list that a 422 answers with."""

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

__all__ = ["MOST_FAULTS", "Fault", "FaultType", "Step", "describe_fault", "shorten"]

Step: TypeAlias = str | int
Fault: TypeAlias = dict[str, object]
FaultType: TypeAlias = Literal["missing", "invalid", "unknown"]

# A body of ten megabytes can hold a million wrong values; nobody reads more than these.
MOST_FAULTS: Final = 100

# A client's own text comes back in the message, and it may be as long as a request can be.
_MOST_CHARACTERS: Final = 100


def describe_fault(source: str, path: Sequence[Step], kind: FaultType, message: str) -> Fault:
    """Make one entry.

    Args:
        source: The part of the request: ``query``, ``body`` and the like.
        path: The way to the value in that part; empty for a whole body.
        kind: ``missing``, ``invalid`` or ``unknown``, for programs.
        message: What is wrong, for people.
    """
    field = ".".join(map(str, path)) if path else source
    return {"field": field, "in": source, "type": kind, "message": message, "path": list(path)}


def shorten(text: object) -> str:
    """Write a client's value for a message."""
    written = repr(text)
    return written if len(written) <= _MOST_CHARACTERS else f"{written[:_MOST_CHARACTERS]}..."

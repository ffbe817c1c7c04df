"""What a client would like to be answered with: the ``Accept`` header (RFC 9110, 12.5.1)."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, Self

from openviper.types import RawHeaders

__all__ = ["AcceptedTypes"]

# What a client lists further on is not read: no browser or library comes near, and the work stays bounded.
_MOST_RANGES: Final = 64

# RFC 9110, 12.4.2, and the spellings without a digit on one side that some clients send.
_WEIGHT: Final = re.compile(r"[01](?:\.[0-9]{0,9})?|\.[0-9]{1,9}")


class AcceptedTypes:
    """The media types that a client accepts, with their weights.

    Parameters of a type other than its weight are not looked at: they ask for a variant, and whoever offers one form
    of a type can only send that. A range that is malformed counts as not sent; when none is left, anything goes.

    Args:
        header: Value of the header; several lines are joined by commas.
    """

    __slots__ = ("_weights",)

    def __init__(self, header: str) -> None:
        self._weights: dict[str, float] = {}
        for entry in header.split(",", _MOST_RANGES)[:_MOST_RANGES]:
            name, *parameters = entry.split(";")
            name, weight = name.strip().lower(), _parse_weight(parameters)
            if "/" in name and weight is not None:
                self._weights[name] = max(weight, self._weights.get(name, 0.0))
        if not self._weights:
            self._weights["*/*"] = 1.0

    @classmethod
    def of(cls, headers: RawHeaders) -> Self:
        """Read the header of a request, all its lines together (RFC 9110, 5.3).

        Args:
            headers: Header fields as ASGI delivers them.
        """
        return cls(b",".join(value for name, value in headers if name == b"accept").decode("latin-1"))

    def weight(self, media_type: str) -> float:
        """Tell how much a type is wanted: 1 most, 0 not at all; the range that fits closest counts.

        Args:
            media_type: A type in lower case without parameters, such as ``text/html``.
        """
        for name in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
            if name in self._weights:
                return self._weights[name]
        return 0.0

    def has_name(self, media_type: str) -> bool:
        """Tell whether a type is wanted by its own name, and not by a range such as ``*/*``."""
        return self._weights.get(media_type, 0.0) > 0

    def choose(self, offers: Sequence[str]) -> str | None:
        """Give the offer that is wanted most, the first of several; None when none of them is accepted.

        Args:
            offers: Types in lower case without parameters, the one to prefer first.
        """
        best = max(offers, key=self.weight, default=None)
        return best if best is not None and self.weight(best) > 0 else None


def _parse_weight(parameters: Iterable[str]) -> float | None:
    """Give the weight among the parameters of a range; None for one that is malformed."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            text = value.strip()
            return min(float(text), 1.0) if _WEIGHT.fullmatch(text) else None
    return 1.0

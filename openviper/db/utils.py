"""The gate to SQL text: checks of identifiers and of what can be sent, and nothing else."""

import re
from typing import Final

__all__ = ["is_encodable", "validate_identifier"]

# ASCII only: engines fold the case of other letters each in their own way.
_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def validate_identifier(name: str, description: str = "identifier") -> str:
    """Return a name that may stand in SQL text, unchanged.

    Args:
        name: Letters and digits of ASCII and underscores, no digit in front.
        description: What the name is, for the message: ``table name``.

    Raises:
        ValueError: It is anything else, such as empty, no text, or with a space or a quote in it.
    """
    given: object = name  # what callers without a type checker pass
    if not isinstance(given, str) or _IDENTIFIER.fullmatch(given) is None:
        raise ValueError(
            f"{given!r} is no valid {description}; use ASCII letters, digits and underscores, and no digit in front"
        )
    return name


def is_encodable(text: str) -> bool:
    """Tell whether a text can be sent at all: half of a surrogate pair is carried by no encoding.

    Args:
        text: Any text.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

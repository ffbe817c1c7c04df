"""What a check has found: one value for every room that reports something wrong."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Problem", "Severity"]


class Severity(StrEnum):
    """How bad a problem is; an error fails the ``check`` command, a warning does not."""

    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding of a check.

    Args:
        id: Stable name, ``<area>.<E or W><three digits>`` (``settings.E001``); documented in the reference.
        message: What is wrong, and with which value; never a secret.
        hint: What to do about it.
        severity: Whether the project can run with it.
    """

    id: str
    message: str
    hint: str
    severity: Severity = Severity.ERROR

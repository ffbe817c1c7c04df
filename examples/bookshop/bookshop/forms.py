"""What visitors send: the fields of a form, and what must hold for each."""

import re
from collections.abc import Collection, Mapping
from urllib.parse import parse_qsl

from openviper import BadRequest, HTTPException, Request, ValidationError

_MOST_FIELDS = 60
# Invisible, and part of how names are written in Persian and in many scripts of India.
_JOINERS = dict.fromkeys((0x200C, 0x200D))
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")


async def read_form(request: Request) -> dict[str, str]:
    """Read the fields of a form; of two with one name the last counts.

    Raises:
        HTTPException: The body is no form (415).
        BadRequest: It cannot be decoded, or has more fields than any form of the shop (400).
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "Send a form: application/x-www-form-urlencoded.")
    try:
        return dict(
            parse_qsl(await request.text(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
        )
    except ValueError as error:
        raise BadRequest("The form cannot be read.") from error


class InvalidFields(ValidationError):
    """What was sent cannot be used; ``faults`` names each field with what is wrong about it."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__([{"field": field, "message": message} for field, message in faults.items()])
        self.faults = dict(faults)


class Fields:
    """Reads values one by one and remembers what is wrong, so that one answer names every fault.

    Args:
        values: What was sent: a mapping, or anything else that JSON can carry, which is a fault by itself.
        known: The names that may be there; None takes any.
    """

    def __init__(self, values: object, *, known: Collection[str] | None = None) -> None:
        self._values: Mapping[str, object] = values if isinstance(values, Mapping) else {}
        self.faults: dict[str, str] = {}
        if not isinstance(values, Mapping):
            self.faults["body"] = "must be an object"
        elif known is not None:
            self.faults = {str(name)[:40]: "is unknown" for name in values if name not in known}

    def text(self, name: str, *, most: int, least: int = 1) -> str:
        """Read a line of text, without the space around it."""
        value = self._values.get(name, "")
        if not isinstance(value, str):
            return self._refuse(name, "must be text")
        value = value.strip()
        visible = value.translate(_JOINERS).strip()
        if not visible.isprintable():
            return self._refuse(name, "holds a character that cannot be printed")
        if len(value) > most or len(visible) < least:
            fault = f"is too long; {most} characters fit" if len(value) > most else f"needs {least} characters or more"
            return self._refuse(name, fault if visible else "is missing")
        return value

    def email(self, name: str) -> str:
        """Read an address for mail."""
        value = self.text(name, most=120)
        if value and not _EMAIL.fullmatch(value):
            return self._refuse(name, "does not look like an e-mail address")
        return value

    def whole(self, name: str, *, least: int, most: int) -> int:
        """Read a whole number, which a form sends as text."""
        value = self._values.get(name)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 9:
            value = int(value)
        if type(value) is not int or not least <= value <= most:
            self._refuse(name, "is missing" if value is None else f"must be a whole number from {least} to {most}")
            return least
        return value

    def choice(self, name: str, options: Collection[str]) -> str:
        """Read one of several words; nothing chosen is the empty text."""
        value = self._values.get(name, "")
        if not isinstance(value, str) or (value and value not in options):
            return self._refuse(name, "is none of the choices")
        return value

    def check(self) -> None:
        """Say whether everything could be used.

        Raises:
            InvalidFields: It could not.
        """
        if self.faults:
            raise InvalidFields(self.faults)

    def _refuse(self, name: str, fault: str) -> str:
        self.faults[name] = fault
        return ""

"""The settings of a project as a list that may be shown to anybody: no secret, and nothing but plain data."""

import datetime
import decimal
import enum
import fnmatch
import inspect
import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from openviper.conf import Settings, settings
from openviper.conf.annotations import describe
from openviper.conf.masking import MASK, mask_text
from openviper.conf.sources import SettingsSource

__all__ = ["SettingLine", "list_settings", "select"]

_MAX_INTEGER: Final = 2**63 - 1
# Values with one obvious text; what else a project keeps in its settings may hold anything.
_WITH_TEXT: Final = (datetime.date, datetime.time, datetime.tzinfo, decimal.Decimal, os.PathLike, uuid.UUID)


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One setting.

    Args:
        name: Its name.
        value: What it is, as plain data without secrets: text, numbers, None, and lists, tuples and dicts of them.
            A duration is its seconds; an object that is no data is named by its class.
        type: What its value must be.
        source: Where the value came from.
        known: Whether it is one of the framework's settings, and not the project's own.
    """

    name: str
    value: object
    type: str
    source: SettingsSource
    known: bool


def list_settings() -> list[SettingLine]:
    """Give every setting in the order of declaration, those of the framework first; loads the settings if need be.

    Raises:
        OpenViperError: The settings cannot be loaded.
    """
    values, types = settings.as_dict(mask_sensitive=True), settings.field_types()
    lines = [
        SettingLine(
            name,
            _as_data(value),
            describe(types.get(name, object)),
            settings.source(name),
            name in Settings.__dataclass_fields__,
        )
        for name, value in values.items()
    ]
    return sorted(lines, key=lambda line: not line.known)


def select(lines: Iterable[SettingLine], pattern: str) -> list[SettingLine]:
    """Give the settings whose names fit a pattern (``CORS_*``), in capitals or not."""
    return [line for line in lines if fnmatch.fnmatchcase(line.name, pattern.upper())]


class _Sign(str):
    """Text that stands for a value and is not one, so it is shown without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _as_data(value: object) -> object:
    """Bring a masked value into a form that both JSON and a line of text can carry."""
    match value:
        case enum.Enum():
            return _as_data(value.value)
        case str():
            # A variable of the environment may hold bytes that are no UTF-8.
            shown = mask_text(value).encode(errors="backslashreplace").decode()
            return _Sign(MASK) if shown == MASK else shown
        case bool() | float() | None:
            return value
        case int():
            return value if abs(value) <= _MAX_INTEGER else _Sign(value)
        case datetime.timedelta():
            seconds = value.total_seconds()
            return int(seconds) if seconds.is_integer() else seconds
        case Mapping():
            return {str(_as_data(key)): _as_data(item) for key, item in value.items()}
        case tuple() | list():
            return tuple(map(_as_data, value)) if isinstance(value, tuple) else list(map(_as_data, value))
        case _:
            return _name_of(value)


def _name_of(value: object) -> str:
    if isinstance(value, _WITH_TEXT):
        return mask_text(str(value))
    if inspect.isclass(value) or inspect.isroutine(value):
        # What is built in may say nothing of a module.
        return ".".join(filter(None, (getattr(value, "__module__", None), value.__qualname__)))
    # Its text is up to its class, and may hold what no pattern recognises.
    return _Sign(f"<{type(value).__qualname__}>")

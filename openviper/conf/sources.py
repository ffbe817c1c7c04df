"""Where the value of a setting came from."""

from enum import StrEnum

__all__ = ["SettingsSource"]


class SettingsSource(StrEnum):
    """Where a setting got its value, weakest first; given by ``settings.source(name)``."""

    DEFAULT = "default"
    FILE = "file"
    DOTENV = "dotenv"
    ENV = "env"
    CONFIGURED = "configured"
    OVERRIDE = "override"

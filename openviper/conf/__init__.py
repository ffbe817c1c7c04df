"""Settings: what a project may decide, where its decisions are found, and what must hold before it may run."""

from openviper.conf.base import BaseSettings
from openviper.conf.checks import validate_settings
from openviper.conf.defaults import Settings
from openviper.conf.environment import project_folder
from openviper.conf.lazy import settings
from openviper.conf.logging import JsonFormatter, configure_logging
from openviper.conf.secrets import generate_secret_key
from openviper.conf.sources import SettingsSource

__all__ = [
    "BaseSettings",
    "JsonFormatter",
    "Settings",
    "SettingsSource",
    "configure_logging",
    "generate_secret_key",
    "project_folder",
    "settings",
    "validate_settings",
]

"""Installed apps and their life: what they are, in which order they stand, how they start and stop."""

from openviper.apps.exceptions import (
    AppLifecycleConfigError,
    AppLifecycleError,
    AppLifecycleImportError,
    AppReadyError,
    AppShutdownError,
    AppStartupError,
)
from openviper.apps.lifecycle import AppLifecycle, AppLifecycleManager

__all__ = [
    "AppLifecycle",
    "AppLifecycleConfigError",
    "AppLifecycleError",
    "AppLifecycleImportError",
    "AppLifecycleManager",
    "AppReadyError",
    "AppShutdownError",
    "AppStartupError",
]

"""Errors of settings.

::

    OpenViperError
    └── UnknownSettingError (AttributeError, KeyError)

Settings that break a rule raise ``ImproperlyConfigured`` or ``SettingsValidationError`` of ``openviper.exceptions``.
"""

from openviper.exceptions import OpenViperError

__all__ = ["UnknownSettingError"]


class UnknownSettingError(OpenViperError, AttributeError, KeyError):
    """A setting was asked for that neither the framework nor the project has.

    Args:
        setting: The name that was asked for.
        suggestion: The closest existing name; None if there is none.
    """

    code = "setting-unknown"

    def __init__(self, setting: str, *, suggestion: str | None = None) -> None:
        hint = f"; did you mean {suggestion!r}?" if suggestion else ""
        self._message = f"there is no setting {setting!r}{hint}"
        super().__init__(self._message)
        self.setting = setting
        self.suggestion = suggestion

    def __str__(self) -> str:
        return self._message  # KeyError would show it in quotes

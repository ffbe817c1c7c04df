"""Settings: every area in one class."""

from openviper.conf.defaults.auth import AuthSettings
from openviper.conf.defaults.database import DatabaseSettings
from openviper.conf.defaults.files import FileSettings
from openviper.conf.defaults.http import HTTPSettings
from openviper.conf.defaults.pages import PageSettings
from openviper.conf.defaults.project import ProjectSettings
from openviper.conf.defaults.security import SecuritySettings
from openviper.conf.defaults.services import ServiceSettings

__all__ = ["Settings"]


class Settings(
    PageSettings,
    ServiceSettings,
    FileSettings,
    DatabaseSettings,
    AuthSettings,
    SecuritySettings,
    HTTPSettings,
    ProjectSettings,
):
    """Every setting of the framework with its default; projects derive their settings class from it.

    The areas stand in reverse, since the fields of the last base come first.
    """

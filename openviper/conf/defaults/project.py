"""What the project is, which apps it has, and how they start."""

from openviper._version import __version__
from openviper.conf.base import BaseSettings

__all__ = ["ProjectSettings"]


class ProjectSettings(BaseSettings):
    """Name, mode, apps, time and the key of the project."""

    PROJECT_NAME: str = "OpenViper Application"
    """Name of the project for people: titles of pages and of the API description."""

    VERSION: str = __version__
    """Version of the project; without one of its own it is the framework's."""

    DEBUG: bool = True
    """Development mode: the answer to an error shows its traceback.

    Where nothing sets it and ``OPENVIPER_ENV`` is ``production``, it is False.

    Danger: a visitor of a site in debug mode reads its source code.
    """

    SECRET_KEY: str = ""
    """Key that signs cookies and tokens.

    Empty outside production means a random key for the life of the process, announced once in the log: whoever was
    logged in is not any more after a restart, and two processes do not accept each other's tokens.

    Danger: whoever knows it can log in as anyone; keep it in ``.env`` or in the environment, never in the
    repository.
    """

    INSTALLED_APPS: tuple[str, ...] = ()
    """Dotted names of the packages that make up the project, in the order in which they start."""

    LIFECYCLE_HOOK_TIMEOUT: float | None = 30.0
    """Seconds that one ``startup`` or ``shutdown`` hook of an app may take; None sets no limit.

    Danger: without a limit, a hook that hangs keeps the server from starting or from stopping.
    """

    USE_TZ: bool = True
    """Makes points in time aware of their zone, in UTC; False makes them naive, in local time."""

    TIME_ZONE: str = "UTC"
    """Zone in which times are shown, by its IANA name such as ``Europe/Vienna``."""

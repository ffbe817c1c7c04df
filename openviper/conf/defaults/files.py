"""Files of users and of the site."""

# ruff: noqa: RUF012 - BaseSettings gives every instance a copy of its own

from openviper.conf.base import BaseSettings
from openviper.conf.defaults.options import Options

__all__ = ["FileSettings"]


class FileSettings(BaseSettings):
    """Uploaded files and static files."""

    MEDIA_ROOT: str = "media"
    """Folder of uploaded files, absolute or relative to the project's folder.

    While ``DEBUG`` is on, the application sends what is in it.

    Danger: never the folder of static files or of source code, since users decide what is in here.
    """

    MEDIA_URL: str = "/media/"
    """Where uploaded files appear on the site: a path, or the address of another host."""

    DEFAULT_FILE_STORAGE: str = "openviper.storage.FileSystemStorage"
    """Dotted path of the storage of uploaded files: a class, a factory or an instance."""

    FILE_STORAGE_OPTIONS: Options = {}
    """Keyword arguments for that storage."""

    STATIC_URL: str = "/static/"
    """Where static files appear on the site: a path, or the address of another host.

    It is what browsers ask for, so it has the path in front that the application is mounted or served below. While
    ``DEBUG`` is on, the application sends them below a path.
    """

    STATIC_ROOT: str = "staticfiles"
    """Folder into which static files are collected for a web server, absolute or relative to the project's folder.

    While ``DEBUG`` is off, ``static()`` gives the hashed names of the list that ``collectstatic`` writes into it.

    Danger: must differ from every folder in ``STATICFILES_DIRS``, or collecting would overwrite its own source,
    and from ``MEDIA_ROOT``.
    """

    STATICFILES_DIRS: tuple[str, ...] = ("static/",)
    """Folders of static files before those of the apps, absolute or relative to the project's folder.

    Danger: everything in them is public, except hidden files.
    """

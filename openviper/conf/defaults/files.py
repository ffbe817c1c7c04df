"""Files of users and of the site."""

# ruff: noqa: RUF012 - BaseSettings gives every instance a copy of its own

from openviper.conf.base import BaseSettings
from openviper.conf.defaults.options import Options

__all__ = ["FileSettings"]


class FileSettings(BaseSettings):
    """Uploaded files and static files."""

    MEDIA_ROOT: str = "media"
    """Folder of uploaded files, relative to the working directory or absolute.

    Danger: never the folder of static files or of source code, since users decide what is in here.
    """

    MEDIA_URL: str = "/media/"
    """Where uploaded files appear on the site."""

    DEFAULT_FILE_STORAGE: str = "openviper.storage.FileSystemStorage"
    """Dotted path of the storage of uploaded files: a class, a factory or an instance."""

    FILE_STORAGE_OPTIONS: Options = {}
    """Keyword arguments for that storage."""

    STATIC_URL: str = "/static/"
    """Where static files appear on the site."""

    STATIC_ROOT: str = "staticfiles"
    """Folder into which static files are collected for a web server.

    Danger: must differ from every folder in ``STATICFILES_DIRS``, or collecting would overwrite its own source.
    """

    STATICFILES_DIRS: tuple[str, ...] = ("static/",)
    """Folders of static files beside those of the apps."""

"""What people see: templates, the API description, the admin."""

# ruff: noqa: RUF012 - BaseSettings gives every instance a copy of its own

from typing import Literal

from openviper.conf.base import BaseSettings
from openviper.conf.defaults.options import Options

__all__ = ["PageSettings"]


class PageSettings(BaseSettings):
    """Templates, OpenAPI and the titles of the admin."""

    TEMPLATES_DIR: str = "templates/"
    """Folder of the project's templates, searched before those of the apps; empty means none.

    A relative path starts at the folder of the project, ``OPENVIPER_PROJECT_DIR``.
    """

    TEMPLATE_AUTO_RELOAD: bool = True
    """Looks for a newer file before a template is used again, while ``DEBUG`` is on."""

    CONTEXT_PROCESSORS: tuple[str, ...] = ()
    """Dotted paths of functions, async or plain, that take the request and give names to every page of ``render``.

    A later one wins over an earlier, and the context of a view over all. A plain one must not block.
    """

    JINJA_PLUGINS: Options = {}
    """Filters and globals from files: ``enable`` switches them on, ``path`` is their folder (``jinja_plugins``).

    Danger: the files are run as code of the project.
    """

    OPENAPI: Options = {
        "title": "OpenViper API",
        "version": "0.0.1",
        "description": "",
        "docs_url": "/open-api/docs",
        "redoc_url": "/open-api/redoc",
        "schema_url": "/open-api/openapi.json",
        "enabled": True,
        "admin_url": None,
        "exclude": [],
    }
    """The API description: where it is, what it says, and which path segments it leaves out (``exclude``).

    ``exclude`` may be ``"__ALL__"``, which switches it off; production asks for that or for ``enabled`` False.

    Danger: it tells everyone which addresses exist.
    """

    OPENAPI_TITLE: str | None = None
    """Replaces ``title`` of ``OPENAPI``; None leaves it."""

    OPENAPI_VERSION: str | None = None
    """Replaces ``version`` of ``OPENAPI``; None leaves it."""

    OPENAPI_DESCRIPTION: str | None = None
    """Replaces ``description`` of ``OPENAPI``; None leaves it."""

    OPENAPI_DOCS_URL: str | None = None
    """Replaces ``docs_url`` of ``OPENAPI``; None leaves it."""

    OPENAPI_REDOC_URL: str | None = None
    """Replaces ``redoc_url`` of ``OPENAPI``; None leaves it."""

    OPENAPI_SCHEMA_URL: str | None = None
    """Replaces ``schema_url`` of ``OPENAPI``; None leaves it."""

    OPENAPI_ENABLED: bool | None = None
    """Replaces ``enabled`` of ``OPENAPI``; None leaves it."""

    OPENAPI_EXCLUDE: Literal["__ALL__"] | tuple[str, ...] | None = None
    """Replaces ``exclude`` of ``OPENAPI``; None leaves it."""

    ADMIN_TITLE: str = "OpenViper Admin"
    """Title of the admin's pages in the browser."""

    ADMIN_HEADER_TITLE: str = "OpenViper"
    """Title at the top of the admin."""

    ADMIN_FOOTER_TITLE: str = "OpenViper Admin"
    """Line at the foot of the admin."""

    ADMIN_SETTINGS: dict[str, str] = {}
    """``title``, ``header_title`` and ``footer_title`` in one place; a key here wins over the ``ADMIN_*`` setting."""

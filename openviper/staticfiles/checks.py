"""What the ``check`` command reports about static files and uploads."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from openviper.conf import settings
from openviper.conf.base import class_default
from openviper.conf.defaults import Settings
from openviper.conf.environment import project_folder
from openviper.core.checks import register
from openviper.primitives.problems import Problem, Severity
from openviper.staticfiles.finders import StaticFinder, static_folders

__all__ = ["register_checks"]


def register_checks() -> None:
    """Register the checks of static files; a second call changes nothing."""
    register(_check_addresses)
    register(_check_sources)
    register(_check_uploads)
    register(_check_target)
    register(_check_collected, deploy=True)


def _check_addresses() -> Iterator[Problem]:
    for name, url in (("STATIC_URL", settings.STATIC_URL), ("MEDIA_URL", settings.MEDIA_URL)):
        if url and not url.startswith("/") and urlsplit(url).scheme not in ("http", "https"):
            yield Problem(
                "staticfiles.E001",
                f"{name} is {url!r}, so that each page would look for files below its own address",
                f"begin it with a slash: '/{url.strip('./')}/', or with https:// if the files are on another host",
            )
    if settings.STATIC_URL.strip("/") == settings.MEDIA_URL.strip("/") != "":
        yield Problem(
            "staticfiles.E001",
            f"STATIC_URL and MEDIA_URL are both {settings.STATIC_URL!r}",
            "give them addresses of their own, '/static/' and '/media/'",
        )


def _check_sources() -> Iterator[Problem]:
    root = project_folder().resolve()
    is_default = class_default(Settings, "STATICFILES_DIRS") == settings.STATICFILES_DIRS
    for entry in settings.STATICFILES_DIRS:
        folder = (root / entry).resolve()
        if root.is_relative_to(folder):
            yield Problem(
                "staticfiles.E002",
                f"{entry!r} in STATICFILES_DIRS is or holds the project's folder, so its code and secrets are served",
                "move static files into a folder of their own, such as 'static'",
            )
        # A project without files of its own has no folder, and needs none as long as it names none.
        elif not folder.is_dir() and not is_default:
            yield Problem(
                "staticfiles.W001",
                f"{entry!r} is in STATICFILES_DIRS, and there is no folder {folder}",
                "make the folder, or remove the entry; a relative path starts at the folder of the project",
                Severity.WARNING,
            )


def _check_uploads() -> Iterator[Problem]:
    root = project_folder().resolve()
    folder = (root / settings.MEDIA_ROOT).resolve()
    if not settings.MEDIA_ROOT:
        return
    for other, subject in (
        (root, "the project's folder"),
        ((root / settings.STATIC_ROOT).resolve(), "STATIC_ROOT"),
        *((source.resolve(), f"the static files in {source}") for source in static_folders()),
    ):
        inside = other != root and folder.is_relative_to(other)
        if other.is_relative_to(folder) or inside:
            yield Problem(
                "staticfiles.E003",
                f"MEDIA_ROOT ({settings.MEDIA_ROOT}) overlaps with {subject}, where users would write then",
                "set MEDIA_ROOT to a folder of its own, such as 'media'",
            )
            return


def _check_target() -> Iterator[Problem]:
    root = project_folder()
    target = (root / settings.STATIC_ROOT).resolve()
    for source in static_folders() if settings.STATIC_ROOT else ():
        folder = source.resolve()
        if folder != target and (folder.is_relative_to(target) or target.is_relative_to(folder)):
            yield Problem(
                "staticfiles.W002",
                f"STATIC_ROOT ({settings.STATIC_ROOT}) overlaps with {source}, from which files are collected",
                "set STATIC_ROOT to a folder of its own, such as 'staticfiles'",
                Severity.WARNING,
            )


def _check_collected() -> Iterator[Problem]:
    target = project_folder() / settings.STATIC_ROOT
    if not _has_files(target) and StaticFinder().scan(without=target).files:
        yield Problem(
            "staticfiles.W003",
            f"the project has static files, and none have been collected in {target}",
            "run collectstatic with every deployment, and let the web server send that folder",
            Severity.WARNING,
        )


def _has_files(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())

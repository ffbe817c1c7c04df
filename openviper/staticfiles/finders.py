"""Where static files lie: the folders of the project first, then ``static`` in each installed app, in their order.

A file is known by its name: the path below its folder, with slashes. Of two with one name that in the first folder
wins. One rule for all who ask, so that what is served while developing is what gets collected.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG
from typing import Final

from openviper.conf import settings
from openviper.conf.environment import project_folder
from openviper.core.app_resolver import AppResolver

__all__ = [
    "APP_FOLDER",
    "Scan",
    "StaticFinder",
    "app_folders",
    "find_below",
    "holds",
    "is_left_out",
    "is_safe",
    "static_folders",
    "upload_folder",
]

#: The folder of static files inside an app.
APP_FOLDER: Final = "static"

# What systems leave behind in folders that people look at.
_LEFT_BEHIND: Final = frozenset(("Thumbs.db", "desktop.ini", "__pycache__"))
_NAME_LIMIT: Final = 4096


def static_folders() -> tuple[Path, ...]:
    """Return the folders of static files in the order of searching, each once; they may be missing.

    Those of ``STATICFILES_DIRS`` come first; a relative one starts at the project's folder. One that is that folder or
    holds it is left out, as the settings and secrets in it are for nobody; the ``check`` command reports it.
    """
    root = project_folder()
    own = [root / folder for folder in settings.STATICFILES_DIRS]
    return tuple(dict.fromkeys([*(folder for folder in own if not holds(folder, root)), *app_folders()]))


def upload_folder() -> Path | None:
    """Return the folder of users' files; None where it is or holds the project's folder, as an empty setting means."""
    root = project_folder()
    folder = root / settings.MEDIA_ROOT
    return None if holds(folder, root) else folder


def holds(folder: Path, other: Path) -> bool:
    """Tell whether a folder is another one, or one of those above it, once links are followed."""
    return other.resolve().is_relative_to(folder.resolve())


def app_folders() -> list[Path]:
    """Return the folder of static files of each installed app, those of the framework among them."""
    return [folder / APP_FOLDER for folder in AppResolver().get_app_dirs()]


def is_safe(name: str) -> bool:
    """Tell whether a name is a path below a folder that cannot climb out of it, on any system."""
    if "\\" in name or len(name) > _NAME_LIMIT or any(character < " " or character == "\x7f" for character in name):
        return False
    return {"", ".", ".."}.isdisjoint(name.split("/"))


def is_left_out(name: str) -> bool:
    """Tell whether a name belongs to no site: hidden, a copy that an editor keeps, or left behind by a system.

    Those are, at any depth, names that begin with a dot, end with ``~``, stand between two ``#``, and ``Thumbs.db``,
    ``desktop.ini`` and ``__pycache__``.
    """
    return any(
        part[:1] == "." or part[-1:] == "~" or (part[:1] == "#" == part[-1:]) or part in _LEFT_BEHIND
        for part in name.split("/")
    )


def find_below(folder: Path, name: str) -> Path | None:
    """Return the regular file of a name below a folder, without links in its path; None when there is none.

    Args:
        folder: Where to look; it may be a link itself.
        name: A safe name; anything else is not found. A link inside leads to a file only if that lies in the folder.
    """
    if not is_safe(name):
        return None
    try:
        root = os.path.realpath(folder)
        # A Path of what a client asks for would intern it, which Python 3.12 keeps for good; a file that exists is one
        # of a few.
        found = os.path.realpath(f"{root}/{name}", strict=True)
        path = Path(found)
        is_file = path.is_relative_to(root) and S_ISREG(path.stat().st_mode)
    # A name that is too long or that no disk can hold, somebody else's folder, a link to itself (RuntimeError).
    except (OSError, ValueError, RuntimeError):
        return None
    return path if is_file else None


@dataclass(slots=True)
class Scan:
    """Everything that folders hold.

    Attributes:
        files: The file of each name, sorted by name.
        shadowed: Files that are not taken because a folder in front has the name.
        escapes: Links that lead out of the folder they lie in, in a circle or nowhere; they are not followed.
        nameless: Files and folders whose name no address can hold.
    """

    files: dict[str, Path] = field(default_factory=dict)
    shadowed: list[Path] = field(default_factory=list)
    escapes: list[Path] = field(default_factory=list)
    nameless: list[Path] = field(default_factory=list)


class StaticFinder:
    """Finds static files in folders.

    Args:
        folders: Where to look, in order; None means the folders of the project and its apps as settings name them now.
    """

    def __init__(self, folders: Sequence[Path] | None = None) -> None:
        self.folders: tuple[Path, ...] = static_folders() if folders is None else tuple(folders)

    def find(self, name: str) -> Path | None:
        """Return the file of a name, as ``find_below`` does; what is left out is not found."""
        if is_left_out(name):
            return None
        return next((path for folder in self.folders if (path := find_below(folder, name)) is not None), None)

    def scan(self, *, without: Path | None = None) -> Scan:
        """List every file.

        Args:
            without: A folder that is passed over where it lies in one of the others; None passes over none.

        Raises:
            OSError: A folder cannot be read.
        """
        scan = Scan()
        for folder in self.folders:
            root = folder.resolve()
            if root.is_dir():
                for name, path in _walk(root, scan, without=without and without.resolve()):
                    if scan.files.setdefault(name, path) != path:
                        scan.shadowed.append(path)
        scan.files = dict(sorted(scan.files.items()))
        return scan


def _walk(root: Path, scan: Scan, *, without: Path | None) -> Iterator[tuple[str, Path]]:
    """Yield name and real path of each file; what cannot be followed is noted in the scan."""
    # A folder with the folders above it: a link to one of these would never end.
    waiting: list[tuple[str, Path, frozenset[Path]]] = [("", root, frozenset({root}))]
    while waiting:
        prefix, folder, above = waiting.pop()
        for entry in sorted(os.scandir(folder), key=lambda it: it.name):
            name = prefix + entry.name
            if is_left_out(entry.name):
                continue
            if not is_safe(entry.name) or not _is_text(entry.name):
                scan.nameless.append(Path(entry.path))
                continue
            path = Path(entry.path)
            if entry.is_symlink():
                try:
                    path = path.resolve(strict=True)
                except (OSError, RuntimeError):  # a link to nothing, or to itself
                    path = Path(os.devnull)
                if not path.is_relative_to(root) or path in above:
                    scan.escapes.append(Path(entry.path))
                    continue
            if path == without:
                continue
            if path.is_dir():
                waiting.append((f"{name}/", path, above | {path}))
            elif path.is_file():
                yield name, path


def _is_text(name: str) -> bool:
    """Tell whether a name is UTF-8; bytes that are not come from the system as lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in name)

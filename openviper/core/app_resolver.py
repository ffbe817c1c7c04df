"""From an entry of ``INSTALLED_APPS`` to the folder it lies in, without running a line of it.

``importlib.util.find_spec`` imports the parents of the name it looks for. Here the dotted name is walked step by
step through the finders of ``sys.meta_path`` instead, each step given the search path of the one before. What is
loaded already is asked for its own path. Editable installs and custom finders work as they do for an import.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from openviper.conf import settings

__all__ = ["AppResolver"]


class AppResolver:
    """Finds the folders of the installed apps; nothing is imported and nothing is remembered."""

    def get_app_dirs(self) -> list[Path]:
        """Return the folder of each entry of ``INSTALLED_APPS`` in order.

        Apps that cannot be found are left out, and an entry that is listed twice counts once. Two flat modules
        of one folder give that folder twice.
        """
        folders = (self.resolve(name) for name in dict.fromkeys(settings.INSTALLED_APPS))
        return [folder for folder in folders if folder is not None]

    def resolve(self, name: str) -> Path | None:
        """Return the folder of one app: of a package its own, of a single-file module the one it lies in.

        Args:
            name: Dotted module name, as ``INSTALLED_APPS`` holds it.

        Returns:
            An absolute path of a folder that exists (the first one of a package spread over several), or None
            when nothing is found, the app lies in no folder (built in, in a zip file), or the name is no dotted
            name at all (empty, ``..``, with a separator, absolute).
        """
        parts = name.split(".")
        # A name that is made of identifiers cannot climb out of a search path.
        if not all(part.isidentifier() for part in parts):
            return None
        place = _Place(search=None, file=None)
        for depth in range(1, len(parts) + 1):
            if depth > 1 and place.search is None:
                return None  # the step before was a flat module, which has nothing inside
            found = _locate(".".join(parts[:depth]), place.search)
            if found is None:
                return None
            place = found
        folder = place.folder
        return folder if folder is not None and folder.is_dir() else None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one step of a dotted name was found: the search path of a package, or the file of a module."""

    search: Sequence[str] | None
    file: str | None

    @property
    def folder(self) -> Path | None:
        if self.search:
            return Path(self.search[0]).absolute()
        return None if self.file is None else Path(self.file).absolute().parent


def _locate(name: str, search: Sequence[str] | None) -> _Place | None:
    """Find one step of a dotted name; a ``search`` of None means the top level."""
    if name in sys.modules:
        return _loaded(sys.modules[name])
    for finder in sys.meta_path:
        find_spec = getattr(finder, "find_spec", None)
        if find_spec is None:
            continue
        try:
            spec = find_spec(name, search)
        except KeyError as error:
            # For a folder without __init__.py the stdlib looks up its parent in sys.modules, where it is not.
            if error.args != (name.rpartition(".")[0],):
                raise
            return _namespace(name, search or ())
        if spec is not None:
            locations = spec.submodule_search_locations
            return _Place(None if locations is None else list(locations), spec.origin if spec.has_location else None)
    return None


def _loaded(module: ModuleType | None) -> _Place | None:
    if module is None:  # how Python marks a name that must not be imported
        return None
    search: Iterable[str] | None = getattr(module, "__path__", None)
    return _Place(None if search is None else list(search), getattr(module, "__file__", None))


def _namespace(name: str, search: Sequence[str]) -> _Place | None:
    tail = name.rpartition(".")[2]
    portions = [str(folder) for folder in (Path(entry, tail) for entry in search) if folder.is_dir()]
    return _Place(portions, None) if portions else None

"""From the name of a template to its text, and never out of the folders of templates."""

import errno
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from jinja2.utils import internalcode

from openviper.templating.exceptions import TemplateError

__all__ = ["FolderLoader"]


class FolderLoader(jinja2.BaseLoader):
    """Finds templates in folders; the first folder that has a name wins.

    Each file has exactly one name: the path below its folder, with slashes. A link that leads out of the folder it
    lies in is passed over, so that whoever may write templates cannot read the rest of the disk.

    Args:
        folders: Absolute paths, in the order of searching; a folder may be missing.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders: tuple[Path, ...] = tuple(folders)

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        """Read a template; part of the contract of the engine.

        Raises:
            jinja2.TemplateNotFound: No folder has it, or the name is no path below a folder.
            TemplateError: The file is not UTF-8.
        """
        path = self._find(template)
        stamp = path.stat().st_mtime_ns  # before the text, so that a change in between is noticed later
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise TemplateError(f"it is not UTF-8 at byte {error.start}", path=path) from error
        return text, str(path), lambda: self._is_current(template, path, stamp)

    @internalcode
    def load(
        self,
        environment: jinja2.Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 - the engine passes it by this name
    ) -> jinja2.Template:
        """Read and compile a template; part of the contract of the engine.

        Raises:
            jinja2.TemplateError: As ``get_source``, or its syntax is wrong.
            TemplateError: Python cannot compile what the engine makes of it.
        """
        try:
            return super().load(environment, name, globals)
        except (SyntaxError, RecursionError, MemoryError) as error:
            # Python's limits on blocks (20), indentation (100) and its stack; their lines are those of generated code.
            reason = error.msg if isinstance(error, SyntaxError) else str(error) or "out of memory"
            text = f"it is nested too deeply for Python ({reason}); move a part of it into a template of its own"
            raise TemplateError(text, path=self._find(name)) from error

    def list_templates(self) -> list[str]:
        """Return the name of every file below the folders, sorted."""
        return sorted({name for folder in self.folders for name in _names_below(folder)})

    def _find(self, name: str) -> Path:
        if "\\" in name or "\0" in name or {"", ".", ".."}.intersection(name.split("/")):
            raise jinja2.TemplateNotFound(name, "it is no path below a folder of templates, such as 'shop/page.html'")
        reason = None
        for folder in self.folders:
            path = folder / name
            if not _is_file(path):
                continue
            if path.resolve().is_relative_to(folder.resolve()):
                return path
            reason = f"{path} is a link that leads out of its folder"
        raise jinja2.TemplateNotFound(name, reason)

    def _is_current(self, name: str, path: Path, stamp: int) -> bool:
        """Tell whether a text that was read is still the one to use; a folder in front may have got the name."""
        try:
            return self._find(name) == path and path.stat().st_mtime_ns == stamp
        except (jinja2.TemplateNotFound, OSError):
            return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        # A name that no disk could hold is only missing; a folder that cannot be read is a fault to hear of.
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise


def _names_below(folder: Path) -> Iterator[str]:
    return (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())

"""A second name for the modules of a root layout: ``shop.models`` is the top-level ``models`` of the folder ``shop``.

A plain ASGI server imports such a project by its top-level names, so these are the real ones. Code that says the
folder's name as well gets the very same module objects, never a second copy, so no model is defined twice. Relative
imports in the top-level modules start at the folder, as they do in a package.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

# importlib.abc loads all of importlib.resources, and the import system asks for methods, not for these classes.
if TYPE_CHECKING:
    from importlib.abc import Loader
else:
    Loader = object

__all__ = ["AliasFinder"]


class AliasFinder:
    """Answers ``<label>``, ``<label>.<module>`` and ``<module>`` for the modules of one folder, and nothing else.

    Args:
        label: An identifier that no other module has.
        root: The folder; it must be the first on ``sys.path``, where the modules themselves are imported from.
    """

    def __init__(self, label: str, root: Path) -> None:
        self.label = label
        self.root = root

    def install(self) -> None:
        """Start answering, before all other finders; a finder with the same label is replaced."""
        sys.meta_path[:] = [self, *(finder for finder in sys.meta_path if not self._is_same(finder))]

    def remove(self) -> None:
        """Stop answering and forget what was answered; the modules stay imported under their own names."""
        sys.meta_path[:] = [finder for finder in sys.meta_path if not self._is_same(finder)]
        for name in [name for name in sys.modules if name == self.label or name.startswith(f"{self.label}.")]:
            del sys.modules[name]

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        """Describe the module that the name stands for; None when it is not one of the folder."""
        label, _, name = fullname.partition(".")
        if label != self.label:
            return None if name or fullname in sys.builtin_module_names else self._top_level_spec(fullname)
        if not name:
            return self._package_spec()
        # The search path is the folder's or that of a package in it, so installed packages are not aliased.
        spec = PathFinder.find_spec(name, [str(self.root)] if path is None else list(path))
        if spec is None:
            return None
        alias = ModuleSpec(fullname, _AliasLoader(name), origin=spec.origin)
        alias.has_location = spec.has_location
        alias.submodule_search_locations = spec.submodule_search_locations
        return alias

    def _top_level_spec(self, name: str) -> ModuleSpec | None:
        found = PathFinder.find_spec(name, [str(self.root)])
        # A package has relative imports of its own.
        if found is None or found.submodule_search_locations is not None:
            return None
        spec = _MemberSpec(name, found.loader, origin=found.origin)
        spec.has_location = found.has_location
        spec.package = self.label
        return spec

    def _package_spec(self) -> ModuleSpec | None:
        init, folder = self.root / "__init__.py", str(self.root)
        if init.is_file():
            return spec_from_file_location(self.label, init, submodule_search_locations=[folder])
        spec = ModuleSpec(self.label, None, is_package=True)
        spec.submodule_search_locations = [folder]
        return spec

    def _is_same(self, finder: object) -> bool:
        return isinstance(finder, AliasFinder) and finder.label == self.label


class _MemberSpec(ModuleSpec):
    """Describes a top-level module that takes part in a package, without being named after it."""

    package = ""

    @property
    def parent(self) -> str:
        """What relative imports start from; the import system makes it the module's ``__package__``."""
        return self.package


class _AliasLoader(Loader):
    """Gives the module of another name in place of a new one."""

    def __init__(self, name: str) -> None:
        self._name = name

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to the import system to make an empty module, which is thrown away."""

    def exec_module(self, module: ModuleType) -> None:
        # The import system returns what sys.modules holds after this call (importlib, "Loaders"). Handing the module
        # out in create_module instead would overwrite its __spec__ with the alias's.
        sys.modules[module.__name__] = importlib.import_module(self._name)

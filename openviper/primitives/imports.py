"""Importing by name: dotted paths from settings, optional packages, modules that may be absent or come late."""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from openviper.exceptions import MissingDependencyError

__all__ = ["LateModule", "import_string", "module_exists", "require"]


class LateModule(ModuleType):
    """A module that is loaded when something of it is first asked for, and that costs nothing from then on.

    It stands where a plain import would load a heavy floor into a light one. What it has is for type checkers to see:
    give the module to them by a plain import under ``TYPE_CHECKING``.

    Args:
        name: Dotted name of the module.

    Raises:
        ImportError: When it is first used: there is no such module.
    """

    if not TYPE_CHECKING:  # checkers see the module itself

        def __getattr__(self, name: str) -> object:
            vars(self).update(vars(import_module(self.__name__)))
            # A plain module answers without coming by here, and as fast as one that was imported.
            self.__class__ = ModuleType
            return getattr(self, name)


def import_string(path: str) -> object:
    """Import what a dotted path names.

    Args:
        path: ``package.module.attribute``; ``package.module:attribute.inner`` is accepted as well.

    Raises:
        ImportError: The path has no module part, the module cannot be found or has no such attribute. An
            error raised by the module's own code passes through unchanged.
    """
    module_name, separator, attribute = path.partition(":")
    if not separator:
        module_name, _, attribute = path.rpartition(".")
    if not module_name or not attribute:
        raise ImportError(f"{path!r} is no dotted path; write it as 'package.module.Name'")
    found: object = import_module(module_name)
    for name in attribute.split("."):
        try:
            found = getattr(found, name)
        except AttributeError as error:
            raise ImportError(f"module {module_name!r} has no attribute {attribute!r}", name=module_name) from error
    return found


def module_exists(name: str) -> bool:
    """Tell whether a module can be found, without running it; its parent packages are imported.

    Args:
        name: Dotted module name.

    Raises:
        Exception: Whatever the code of a parent package raises; a parent that is missing is no error.
    """
    parent = name.rpartition(".")[0]
    if parent:
        try:
            package = import_module(parent)
        except ModuleNotFoundError as error:
            if error.name is not None and (error.name == parent or parent.startswith(f"{error.name}.")):
                return False
            raise
        if not hasattr(package, "__path__"):
            return False
    # An application whose routes are all its own looks for no module, and a start pays for two that this takes.
    from importlib.util import find_spec

    return find_spec(name) is not None


def require(module: str, *, extra: str, needed_by: str) -> ModuleType:
    """Import a module of an optional package.

    Args:
        module: Dotted module name.
        extra: The extra of this distribution that brings it.
        needed_by: What asks for it, as the user knows it; part of the error.

    Raises:
        MissingDependencyError: The package is not installed (an ImportError).
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != module.partition(".")[0]:
            raise  # the package is there, and something that it needs is not
        raise MissingDependencyError(module, extra=extra, needed_by=needed_by) from error

"""Filters and functions from files of the project: ``jinja_plugins/{filters,globals}/*.py``.

A file gives the functions that it defines, each under its own name, or what its ``__all__`` lists.
"""

import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from types import ModuleType
from typing import Final

from openviper.conf.border import named_failure
from openviper.exceptions import ImproperlyConfigured
from openviper.templating.functions import refuse_unsafe

__all__ = ["DEFAULT_PATH", "Plugins", "load_plugins", "plugin_path"]

#: The folder of plugins, in the project and in each app.
DEFAULT_PATH: Final = "jinja_plugins"


@dataclass(frozen=True, slots=True)
class Plugins:
    """What the files give.

    Args:
        filters: Filters by name.
        functions: Functions by name.
    """

    filters: dict[str, Callable[..., object]] = field(default_factory=dict)
    functions: dict[str, Callable[..., object]] = field(default_factory=dict)


def plugin_path(options: Mapping[str, object]) -> str | None:
    """Read ``JINJA_PLUGINS``.

    Returns:
        The folder below the project and each app; None when plugins are off, as they are by default.

    Raises:
        ImproperlyConfigured: A key is unknown, or the path is not one below the project.
    """
    unknown = sorted(set(options) - {"enable", "path"})
    if unknown:
        raise ImproperlyConfigured(f"JINJA_PLUGINS has the key {unknown[0]!r}; the keys are 'enable' and 'path'")
    path = options.get("path", DEFAULT_PATH)
    if not isinstance(path, str) or not path or PurePath(path).is_absolute() or ".." in PurePath(path).parts:
        raise ImproperlyConfigured(
            f"'path' of JINJA_PLUGINS is {path!r}; name a folder that lies in the project and in apps, "
            f"such as {DEFAULT_PATH!r}"
        )
    return path if options.get("enable") else None


def load_plugins(folders: Sequence[Path]) -> Plugins:
    """Run the files of plugins and gather what they give; of two of one name that in the first folder wins.

    Args:
        folders: Folders with ``filters`` and ``globals`` inside, in the order of searching; they may be missing.

    Raises:
        ImproperlyConfigured: A file cannot be run, or gives what cannot be called or leads out of the sandbox.
    """
    plugins = Plugins()
    for folder in folders:
        for kind, gathered in (("filters", plugins.filters), ("globals", plugins.functions)):
            for path in sorted((folder / kind).glob("*.py")):
                with named_failure(f"the template plugin {path}"):
                    for name, function in _functions_of(_load(path)):
                        gathered.setdefault(name, function)
    return plugins


def _load(path: Path) -> ModuleType:
    # A name that no import can ask for, and that two files never share.
    name = f"openviper template plugin {path}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look for the module of a class there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _functions_of(module: ModuleType) -> Iterator[tuple[str, Callable[..., object]]]:
    members = vars(module)
    for name in members.get("__all__", [name for name in members if not name.startswith("_")]):
        value = members.get(name)
        if "__all__" not in members and not (inspect.isfunction(value) and value.__module__ == module.__name__):
            continue  # an import or a constant of the file
        refuse_unsafe(name, value)
        if not callable(value):
            raise TypeError(f"{name!r} is in __all__ and cannot be called")
        yield name, value

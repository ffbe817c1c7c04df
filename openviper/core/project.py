"""Which project a command is meant for, read from the names of files and ``.env``; nothing is imported or changed.

A folder is a project in one of two layouts. In the *root layout* its own ``settings.py``, ``models.py`` or
``routes.py`` are the project, as top-level modules, and the folder's name is the label of the app. In the
*package layout* the project is a package in the folder, the one with settings.
"""

import keyword
import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final, Literal, TypeAlias

from openviper.conf.environment import DotenvFile
from openviper.core.exceptions import AmbiguousProjectError, ProjectError, TargetError
from openviper.exceptions import ImproperlyConfigured

__all__ = [
    "SETTINGS_VARIABLE",
    "WHOLE_PROJECT",
    "Layout",
    "Project",
    "Surroundings",
    "find_project",
    "is_target",
    "package_of_settings",
    "working_directory",
]

#: The environment variable that names the settings module.
SETTINGS_VARIABLE: Final = "OPENVIPER_SETTINGS_MODULE"

#: The target that means the project itself.
WHOLE_PROJECT: Final = "."

Layout: TypeAlias = Literal["package", "root", "none"]

_APP_FILES = ("models.py", "routes.py")


@dataclass(frozen=True, slots=True)
class Project:
    """A project as it lies on the disk.

    Args:
        root: The folder that imports start from, absolute.
        layout: ``package``, ``root``, or ``none`` when the folder is no project.
        package: Dotted name of the package that holds the settings; None in the root layout and without a project.
        settings_module: Dotted name of the settings module; None when there is none, so that defaults apply.
        label: Name of the project as an app; None without a project.
        app: Dotted name of the app that the command is meant for: the project itself or the named target; None
            without either.
    """

    root: Path
    layout: Layout
    package: str | None
    settings_module: str | None
    label: str | None
    app: str | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a command was started, which is all that finding a project may look at.

    Args:
        cwd: The folder that the project is looked for in: that of its script, else the working directory.
        environ: The environment of the process.
        settings_option: What ``--settings`` said; None without it.
    """

    cwd: Path
    environ: MutableMapping[str, str]
    settings_option: str | None = None

    def find_project(self, target: str = WHOLE_PROJECT) -> Project:
        """Find the project from here; see the function of the same name."""
        return find_project(self.cwd, target=target, settings_option=self.settings_option, environ=self.environ)


def find_project(
    cwd: Path, *, target: str = WHOLE_PROJECT, settings_option: str | None = None, environ: Mapping[str, str]
) -> Project:
    """Find the project in a folder.

    The settings module is, first found: the option, ``OPENVIPER_SETTINGS_MODULE`` in the environment or in the
    ``.env`` that the settings will read, the target's own ``settings``, the folder's own, that of the sub-package
    called like the folder, that of the only sub-package that has one, a top-level module ``settings`` from elsewhere.

    Args:
        cwd: The folder, usually the working directory.
        target: ``.`` for the project itself, or the dotted name of a package or module below the folder.
        settings_option: A settings module that wins over all others; None for no such wish.
        environ: The environment to read.

    Raises:
        TargetError: The target is no dotted name, or nothing below the folder has it.
        AmbiguousProjectError: Several sub-packages have settings, and nothing tells which one is meant.
    """
    root = cwd.absolute()
    if not is_target(target, root):
        raise TargetError(target, root)
    app = None if target == WHOLE_PROJECT else target
    named = settings_option or _named_module(root, environ)
    if _is_root_layout(root):
        label = _label(root)
        return Project(root, "root", None, named or _root_settings(root, app), label, app or label)
    package = _project_package(root, app, named)
    if package is not None:
        return Project(root, "package", package, named or f"{package}.settings", package, app or package)
    if named is None and PathFinder.find_spec("settings") is not None:
        named = "settings"
    return Project(root, "none", None, named, None, app)


def working_directory() -> Path:
    """Give the working directory.

    Raises:
        ProjectError: It has been deleted, or may not be looked at.
    """
    try:
        return Path.cwd()
    except OSError as error:
        raise ProjectError(f"the working directory is gone ({error.strerror}); change to another one") from error


def is_target(word: str, cwd: Path) -> bool:
    """Tell whether a word names the project (``.``) or a package or module below a folder.

    Anything that is no dotted name is not a target, so no word leads out of the folder.
    """
    if word == WHOLE_PROJECT:
        return True
    if not all(part.isidentifier() for part in word.split(".")):
        return False
    place = cwd.joinpath(*word.split("."))
    return _is_file(place.with_suffix(".py")) or _has_python(place)


def package_of_settings(module: str) -> str | None:
    """Name the package that a settings module belongs to; None for a top-level module.

    In ``proj.settings.prod`` the package is what stands before ``settings``, in ``proj.config`` what stands before
    the module.
    """
    parts = module.split(".")
    depth = parts.index("settings") if "settings" in parts else len(parts) - 1
    return ".".join(parts[:depth]) or None


def _named_module(root: Path, environ: Mapping[str, str]) -> str | None:
    # A variable that is there and empty wins over the file, as it does when the settings are loaded.
    if SETTINGS_VARIABLE in environ:
        return environ[SETTINGS_VARIABLE].strip() or None
    dotenv = DotenvFile({})
    # Whoever loads the settings reports a file that cannot be read.
    with suppress(ImproperlyConfigured):
        dotenv.load(root)
    return dotenv.values.get(SETTINGS_VARIABLE, "").strip() or None


def _is_root_layout(root: Path) -> bool:
    return _has_settings(root) or any(_is_file(root / name) for name in _APP_FILES)


def _root_settings(root: Path, app: str | None) -> str | None:
    if app is not None and _has_settings(_folder(root, app)):
        return f"{app}.settings"
    if _has_settings(root):
        return "settings"
    package = _sub_package(root)
    return None if package is None else f"{package}.settings"


def _project_package(root: Path, app: str | None, named: str | None) -> str | None:
    """Name the package of a package layout; None when the folder has none."""
    if named is not None and is_target(named, root) and (package := package_of_settings(named)) is not None:
        return package
    # An app inside the project's package names the project too: proj.blog belongs to proj.
    for package in _parents(app) if app is not None else ():
        if _has_settings(_folder(root, package)):
            return package
    try:
        return _sub_package(root)
    except AmbiguousProjectError:
        if named is None:
            raise
        return None  # the settings come from elsewhere, and which package they serve cannot be seen


def _sub_package(root: Path) -> str | None:
    """Choose among the sub-packages with settings: the one named like the folder, else the only one."""
    candidates = [folder.name for folder in _entries(root) if folder.name.isidentifier() and _has_settings(folder)]
    if root.name in candidates:
        return root.name
    if len(candidates) > 1:
        with_apps = [name for name in candidates if any(_is_file(root / name / file) for file in _APP_FILES)]
        candidates = with_apps if len(with_apps) == 1 else candidates
    if len(candidates) > 1:
        raise AmbiguousProjectError(root, candidates)
    return candidates[0] if candidates else None


def _label(root: Path) -> str:
    """Name the app of a root layout like its folder, unless something else already answers to that name."""
    name = root.name
    if name.isidentifier() and not keyword.iskeyword(name) and not _is_taken(name, root):
        return name
    return re.sub(r"\W|^(?=\d)", "_", name) + "_project"


def _is_taken(name: str, root: Path) -> bool:
    if name in sys.stdlib_module_names or is_target(name, root):
        return True
    spec = PathFinder.find_spec(name)
    # A search path that holds the folder's parent finds the folder itself.
    return spec is not None and str(root) not in (spec.submodule_search_locations or ())


def _has_settings(folder: Path) -> bool:
    return _is_file(folder / "settings.py") or _is_file(folder / "settings" / "__init__.py")


def _has_python(folder: Path) -> bool:
    return any(entry.suffix == ".py" for entry in _entries(folder))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # somebody else's folder, or a name that no file can have
        return False


def _entries(folder: Path) -> list[Path]:
    """List a folder in order; what is none, or may not be read, has no entries."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _folder(root: Path, name: str) -> Path:
    return root.joinpath(*name.split("."))


def _parents(name: str) -> Iterator[str]:
    """Yield a dotted name and its parents, the longest first."""
    while name:
        yield name
        name = name.rpartition(".")[0]

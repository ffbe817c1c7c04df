"""What the process's environment says: its name, the ``.env`` file, and values of settings."""

import os
from collections.abc import Iterable, Mapping, MutableMapping
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from openviper.conf.annotations import is_setting_name
from openviper.conf.casting import cast
from openviper.conf.masking import MASK, is_sensitive, mask_text
from openviper.conf.sources import SettingsSource
from openviper.conf.spelling import closest
from openviper.exceptions import ImproperlyConfigured, SettingsValidationError

__all__ = [
    "BARE_NAMES",
    "FOLDER_VARIABLE",
    "PREFIX",
    "RESERVED",
    "DotenvFile",
    "Environment",
    "current_environment",
    "dotenv_folders",
    "ignored_variables",
    "project_folder",
    "read_overrides",
]

Environment: TypeAlias = Literal["development", "production", "testing"]

PREFIX: Final = "OPENVIPER_"
# Where the project lies, when that is not the working directory; a variable, so that child processes agree.
FOLDER_VARIABLE: Final = "OPENVIPER_PROJECT_DIR"
# Variables of the framework that are no settings.
RESERVED: Final = frozenset(
    {
        "OPENVIPER_BARE_ENV",
        "OPENVIPER_ENV",
        FOLDER_VARIABLE,
        "OPENVIPER_SERVER_SOCKET",
        "OPENVIPER_SETTINGS_MODULE",
        "OPENVIPER_TEST_APP",
        "OPENVIPER_TEST_KEEPDB",
    }
)
# Below these a folder belongs to an environment of Python and not to a project.
_INSTALLED: Final = frozenset({"site-packages", "dist-packages"})
# The only settings that a variable without the prefix may give, and only under the conditions of read_overrides.
BARE_NAMES: Final = ("DATABASE_URL", "SECRET_KEY", "DEBUG")


def current_environment(environ: Mapping[str, str] = os.environ) -> Environment:
    """Tell what the process is for, from ``OPENVIPER_ENV``.

    Args:
        environ: The variables.

    Returns:
        ``development`` (also when the variable is missing or empty), ``production`` or ``testing``.

    Raises:
        ImproperlyConfigured: The variable holds anything else.
    """
    name = environ.get("OPENVIPER_ENV", "") or "development"
    for known in get_args(Environment):
        if name == known:
            environment: Environment = known
            return environment
    meant = closest(name.lower(), get_args(Environment), cutoff=0.5)
    hint = f"; did you mean {meant!r}?" if meant else ""
    raise ImproperlyConfigured(f"OPENVIPER_ENV is {name!r}, and must be development, production or testing{hint}")


def project_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Give the folder that relative paths in settings start from.

    Args:
        environ: The variables.

    Returns:
        An absolute path, first found: what ``OPENVIPER_PROJECT_DIR`` says, which every command of a project sets;
        the folder that the settings module is imported from, so with ``shop`` in it for ``shop.settings``, unless
        packages are installed there; the working directory.

    Raises:
        ImproperlyConfigured: None of them says anything, and the working directory has been removed.
    """
    if named := environ.get(FOLDER_VARIABLE):
        return Path(named).absolute()
    top = environ.get("OPENVIPER_SETTINGS_MODULE", "").strip().partition(".")[0]
    # Only looked for, not imported: the settings may read variables that come from .env.
    spec = PathFinder.find_spec(top) if top else None
    if spec is None:
        return _working_directory()
    places = spec.submodule_search_locations or ([spec.origin] if spec.has_location and spec.origin else [])
    folder = next((Path(place).absolute().parent for place in places), None)
    return _working_directory() if folder is None or _INSTALLED.intersection(folder.parts) else folder


def dotenv_folders(environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Give the folders that ``.env`` is looked for in, the project's first, each with all that are above it."""
    folder = project_folder(environ)
    # A project that was named has no use for a file that happens to lie where somebody stands.
    return (folder,) if environ.get(FOLDER_VARIABLE) else (folder, _working_directory())


def _working_directory() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise ImproperlyConfigured(
            "the working directory has been removed; start in one that is there, or set OPENVIPER_PROJECT_DIR"
        ) from error


class DotenvFile:
    """The variables of the nearest ``.env`` file, put into an environment without replacing what is there.

    Args:
        environ: The variables to fill; the process's own by default.

    Attributes:
        path: The file that was read; None before that, and where there is none.
        values: What it gives.
    """

    def __init__(self, environ: MutableMapping[str, str] = os.environ) -> None:
        self.path: Path | None = None
        self.values: dict[str, str] = {}
        self._environ = environ
        self._put: dict[str, str] = {}

    def load(self, *directories: Path) -> None:
        """Read the nearest ``.env`` of the first directory that has one in or above it, in place of the one before.

        Variables that an earlier call put into the environment are taken out again first, so an edited file has
        its effect; a real variable is never replaced.

        Raises:
            ImproperlyConfigured: The file is there and cannot be read; the environment is as it was.
        """
        path = _find(directories)
        values = {} if path is None else _read(path)
        self.clear()
        self.path, self.values = path, values
        for name, value in values.items():
            if name not in self._environ:
                self._environ[name] = self._put[name] = value

    def clear(self) -> None:
        """Take out of the environment what this object put there, unless someone has changed it since."""
        for name, value in self._put.items():
            if self._environ.get(name) == value:
                del self._environ[name]
        self._put.clear()
        self.path, self.values = None, {}

    def gave(self, name: str) -> bool:
        """Tell whether a variable has its value from the file."""
        return name in self.values and self._environ.get(name) == self.values[name]


def read_overrides(
    types: Mapping[str, object], dotenv: DotenvFile, environ: Mapping[str, str] = os.environ
) -> dict[str, tuple[object, SettingsSource]]:
    """Read the settings that environment variables give.

    ``OPENVIPER_<NAME>`` gives the setting of that name. ``DATABASE_URL``, ``SECRET_KEY`` and ``DEBUG`` are read
    without the prefix too, but only from a ``.env`` file, or from the environment where ``OPENVIPER_BARE_ENV`` is
    true: other programs use these names, and a shell that has them must not change a project.

    Args:
        types: The type of each setting.
        dotenv: The ``.env`` file that has been loaded.
        environ: The variables.

    Returns:
        Value and source of each setting that a variable gives.

    Raises:
        SettingsValidationError: Variables that cannot be read as their setting's type, all of them.
    """
    found: dict[str, tuple[object, SettingsSource]] = {}
    errors: list[str] = []
    for name, (variable, text, source) in _find_texts(types, dotenv, environ).items():
        try:
            found[name] = (cast(text, types[name]), source)
        except ValueError as error:
            shown = MASK if is_sensitive(name) else mask_text(text)
            errors.append(f"{variable} is {shown!r}, which does not fit {name}: {error}")
    if errors:
        raise SettingsValidationError(errors)
    return found


def ignored_variables(dotenv: DotenvFile, environ: Mapping[str, str] = os.environ) -> list[str]:
    """Give the names without prefix that are in the environment and, by the rules of read_overrides, not read."""
    if _is_bare_allowed(environ):
        return []
    return [name for name in BARE_NAMES if name in environ and PREFIX + name not in environ and not dotenv.gave(name)]


def _find_texts(
    types: Mapping[str, object], dotenv: DotenvFile, environ: Mapping[str, str]
) -> dict[str, tuple[str, str, SettingsSource]]:
    """Find the variable, its text and its source for each setting that has one."""
    found: dict[str, tuple[str, str, SettingsSource]] = {}
    bare_allowed = _is_bare_allowed(environ)
    for name in filter(is_setting_name, types):
        variable = PREFIX + name
        if variable in environ and variable not in RESERVED:
            source = SettingsSource.DOTENV if dotenv.gave(variable) else SettingsSource.ENV
            found[name] = (variable, environ[variable], source)
        elif name in BARE_NAMES and bare_allowed and name in environ:
            source = SettingsSource.DOTENV if dotenv.gave(name) else SettingsSource.ENV
            found[name] = (name, environ[name], source)
        elif name in BARE_NAMES and name in dotenv.values:
            found[name] = (name, dotenv.values[name], SettingsSource.DOTENV)
    return found


def _is_bare_allowed(environ: Mapping[str, str]) -> bool:
    text = environ.get("OPENVIPER_BARE_ENV", "")
    try:
        return bool(text) and cast(text, bool) is True
    except ValueError as error:
        raise ImproperlyConfigured(f"OPENVIPER_BARE_ENV is {text!r}: {error}") from None


def _find(directories: Iterable[Path]) -> Path | None:
    folders = (folder for directory in directories for folder in (directory, *directory.parents))
    return next((found for folder in folders if (found := folder / ".env").is_file()), None)


def _read(path: Path) -> dict[str, str]:
    from dotenv import dotenv_values  # most processes in production have no .env

    try:
        values = dotenv_values(path)
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{path} cannot be read: {error}") from error
    found = {name: value for name, value in values.items() if value is not None}
    for name, value in found.items():
        if "\0" in name + value:
            raise ImproperlyConfigured(f"{path} cannot be read: {name!r} or its value holds a NUL, and no variable can")
    return found

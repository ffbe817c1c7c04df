"""From the name of a command to its class: built-in ones, those of apps, those of installed packages, in that order.

Commands are known by their file names, so that nothing is imported to list them.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from openviper.apps.modules import import_app, import_submodule
from openviper.conf import settings
from openviper.core.app_resolver import AppResolver
from openviper.core.project import package_of_settings
from openviper.exceptions import OpenViperError
from openviper.management.arguments import suggest
from openviper.management.base import BaseCommand
from openviper.management.exceptions import CommandError
from openviper.primitives.imports import import_string

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = [
    "ALIASES",
    "ENTRY_POINT_GROUP",
    "CommandListing",
    "builtin_names",
    "command_names",
    "find_command",
    "list_commands",
]

#: Second names of built-in commands, by the name that is looked up.
ALIASES: Final[Mapping[str, str]] = {"console": "shell", "start-server": "runserver"}

#: The entry points that give installed packages their commands: a name with dashes, and the path of the class.
ENTRY_POINT_GROUP: Final = "openviper.cli"

_BUILT_IN: Final = "openviper.management.commands"
_FOLDER: Final = Path(__file__).parent / "commands"


@dataclass(frozen=True, slots=True)
class CommandListing:
    """One line of the list of commands.

    Args:
        name: As it is typed.
        help: The first sentence on it; empty when it cannot be read without running the command's module.
        origin: ``openviper``, the app, or the installed distribution that it comes from.
    """

    name: str
    help: str
    origin: str


def find_command(name: str, package: str | None = None) -> type[BaseCommand]:
    """Find a command.

    Args:
        name: As it is typed, with dashes.
        package: The project's own package, searched for commands whether or not it is an installed app; None takes
            the one that the settings module lies in.

    Raises:
        CommandError: No such command (the message names the closest one), or its module lacks the class or cannot
            be imported.
        AppLifecycleImportError: An app, or the module of the command in it, is there and cannot be imported.
    """
    name = ALIASES.get(name, name)
    module = name.replace("-", "_")
    if name in builtin_names():
        return _load(f"{_BUILT_IN}.{module}:Command", name)
    unread: OpenViperError | None = None
    try:
        apps = _app_names(package)
    except OpenViperError as error:
        apps, unread = [package] if package else [], error
    # Before a name becomes part of a module's name it must be fit for that.
    for app in apps if module.isidentifier() else ():
        found = None if import_app(app) is None else import_submodule(app, f"management.commands.{module}")
        if found is not None:
            return _load(f"{found.__name__}:Command", name)
    for entry in _entry_points():
        if entry.name == name:
            return _load(f"{entry.module}:{entry.attr}", name)
    if unread is not None:
        raise CommandError(
            f"{name!r} is no built-in command{suggest(name, builtin_names())}; "
            f"no app was asked for it either, since the settings cannot be read: {unread}"
        ) from unread
    raise CommandError(f"unknown command {name!r}{suggest(name, command_names(package))}")


def builtin_names() -> list[str]:
    """Return the names of the framework's own commands in order, without their second names."""
    return sorted(path.stem.replace("_", "-") for path in _command_files(_FOLDER))


def command_names(package: str | None = None) -> list[str]:
    """Return the names of all commands in order, second names included.

    Args:
        package: See ``find_command``.

    Raises:
        OpenViperError: The settings cannot be read.
    """
    return sorted({*ALIASES, *(listing.name for listing in list_commands(package))})


def list_commands(package: str | None = None, *, with_apps: bool = True) -> list[CommandListing]:
    """List every command once: the built-in ones, then app by app, then those of installed packages.

    Args:
        package: See ``find_command``.
        with_apps: False leaves out the commands of apps, and with them the need for settings.

    Raises:
        OpenViperError: The settings cannot be read.
    """
    found: dict[str, CommandListing] = {}
    for listing in _iter_listings(package, with_apps=with_apps):
        found.setdefault(listing.name, listing)
    return list(found.values())


def _iter_listings(package: str | None, *, with_apps: bool) -> Iterator[CommandListing]:
    yield from _listings_in(_FOLDER, "openviper")
    if with_apps:
        resolver = AppResolver()
        for app in _app_names(package):
            folder = resolver.resolve(app)
            if folder is not None:
                yield from _listings_in(folder / "management" / "commands", app)
    for entry in _entry_points():
        file = _file_of(entry.module)
        origin = entry.module if entry.dist is None else entry.dist.name
        yield CommandListing(entry.name, "" if file is None else _read_help(file, entry.attr), origin)


def _listings_in(folder: Path, origin: str) -> Iterator[CommandListing]:
    for path in _command_files(folder):
        yield CommandListing(path.stem.replace("_", "-"), _read_help(path, "Command"), origin)


def _command_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.py") if not path.stem.startswith("_"))


def _read_help(path: Path, class_name: str) -> str:
    """Read the ``help`` of a command class from its source, so that no code runs to list it."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ""  # the command itself reports what is wrong with its file, when it is asked for
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == class_name)
    texts = (text for node in classes for statement in node.body if (text := _assigned_help(statement)))
    return next(texts, ast.get_docstring(tree) or "").strip().partition("\n")[0]


def _assigned_help(statement: ast.stmt) -> str | None:
    match statement:
        case ast.Assign(targets=[ast.Name(id="help")], value=ast.Constant(value=str(text))):
            return text
        case ast.AnnAssign(target=ast.Name(id="help"), value=ast.Constant(value=str(text))):
            return text
        case _:
            return None


def _app_names(package: str | None) -> list[str]:
    installed = settings.INSTALLED_APPS  # read first, since this loads the settings
    own = package or (package_of_settings(settings.module) if settings.module else None)
    # The check command reports entries that are no names; looking for a command is no reason to fail over them.
    return [name for name in dict.fromkeys((*installed, own)) if isinstance(name, str)]


def _entry_points() -> Iterable["EntryPoint"]:
    # importlib.metadata is heavy (it brings email), and built-in commands are found without it.
    from importlib.metadata import entry_points

    return entry_points(group=ENTRY_POINT_GROUP)


def _file_of(module: str) -> Path | None:
    """Find the file of a module without importing its package, which importlib's find_spec would do."""
    folder = AppResolver().resolve(module)
    if folder is None:
        return None
    file = folder / f"{module.rpartition('.')[2]}.py"
    return file if file.is_file() else folder / "__init__.py"


def _load(path: str, name: str) -> type[BaseCommand]:
    module = path.partition(":")[0]
    try:
        import_module(module)
    except ImportError as error:
        raise CommandError(
            f"the command {name!r} cannot be imported from {module}: {type(error).__name__}: {error}"
        ) from error
    try:
        found = import_string(path)
    except ImportError as error:
        raise CommandError(f"the module of the command {name!r} lacks its class: {error}") from error
    if not (isinstance(found, type) and issubclass(found, BaseCommand)):
        raise CommandError(
            f"the command {name!r} is not usable: {path} is no subclass of openviper.management.base.BaseCommand"
        )
    return found

"""New projects, apps and commands, rendered from the files below ``templates/``; each comes whole or not at all.

A template is a file whose name ends in ``-tpl``, so that no linter reads it as code. Its text is filled in by
``string.Template``: ``${name}`` is a value, ``$$`` a dollar sign.
"""

import contextlib
import importlib.util
import keyword
import re
import shutil
import string
import sys
import tempfile
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from openviper.conf.secrets import generate_secret_key
from openviper.management.exceptions import CommandError

__all__ = ["create_app", "create_command", "create_project"]

TEMPLATES: Final = Path(__file__).resolve().parent / "templates"
TEMPLATE_SUFFIX: Final = "-tpl"
# The folder among the templates of a project that holds the modules of its package.
PACKAGE: Final = "project_name"

# Permissions of generated files that differ from what the umask gives.
MODES: Final[Mapping[str, int]] = {"viperctl.py": 0o755, ".env": 0o600}

# A package of this name makes the folder that it lies in a flat project, with other settings or none.
SETTINGS: Final = "settings"

COMMAND_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def create_project(name: str, directory: Path | str | None = None, *, flat: bool = False) -> Path:
    """Create a project with a random ``SECRET_KEY`` in its ``.env``.

    Args:
        name: Name of the project's folder and of the package inside it; a Python identifier that hides no module.
        directory: The folder that will hold the project's folder, made when missing; None means the working
            directory.
        flat: Whether to use the root layout: settings, routes and views are modules beside ``viperctl.py``, and
            there is no package.

    Returns:
        The new folder, absolute.

    Raises:
        CommandError: The name cannot be used, the folder exists, or it could not be written. Nothing is left behind.
    """
    _check_identifier(name)
    if name in _names_in(TEMPLATES / "project") or (flat and name in _names_in(TEMPLATES / "project" / PACKAGE)):
        raise CommandError(f"{name!r} is the name of another part of every project; choose a different one")
    target = _free_target(name, directory)
    _check_hides_nothing(name)
    with _staged(target) as draft:
        values = {"secret_key": generate_secret_key(), **_names_of(name, flat=flat)}
        _render_tree(TEMPLATES / "project", draft, values)
        if flat:
            _dissolve(draft / PACKAGE)
        else:
            (draft / PACKAGE).rename(draft / name)
    return target


def create_app(name: str, directory: Path | str | None = None) -> Path:
    """Create the package of an app, with one module for each thing an app may have.

    Args:
        name: Name of the package; a Python identifier. It may repeat the name of an installed module only below
            another package.
        directory: The folder that will hold the package, made when missing; None means the working directory.

    Returns:
        The new folder, absolute.

    Raises:
        CommandError: The name cannot be used, the folder exists, or it could not be written. Nothing is left behind.
    """
    _check_identifier(name)
    target = _free_target(name, directory)
    # Inside a package its name stands behind that of the package, and hides nothing.
    if not (target.parent / "__init__.py").exists():
        _check_hides_nothing(name)
    # In a flat project the modules of the project itself lie there: a package wins over a module of its name.
    if target.with_suffix(".py").exists():
        raise CommandError(f"{name!r} would hide {target.with_suffix('.py')}; choose a different name")
    with _staged(target) as draft:
        _render_tree(TEMPLATES / "app", draft, {"name": name})
    return target


def create_command(command_name: str, app: str, directory: Path | str | None = None) -> Path:
    """Create a command in an app: ``<app>/management/commands/<name>.py``.

    Args:
        command_name: How the command is called on the command line, in small letters and digits with dashes;
            the module gets underscores in their place.
        app: The app's package, dotted, as seen from ``directory`` or from one of the packages in it.
        directory: The project's folder; None means the working directory.

    Returns:
        The new file, absolute.

    Raises:
        CommandError: The name cannot be used or is taken, no such app lies there, or the file could not be
            written. Nothing is left behind.
    """
    command = command_name.replace("_", "-")
    if not COMMAND_NAME.fullmatch(command):
        raise CommandError(f"{command_name!r} is no name for a command; use small letters and digits, joined by dashes")
    _check_not_built_in(command)
    module = command.replace("-", "_")
    with _failures_reported(f"{app}.management.commands.{module}"), contextlib.ExitStack() as undo:
        commands = _find_app(app, Path(directory or ".").absolute()) / "management" / "commands"
        target = commands / f"{module}.py"
        if target.exists():
            raise CommandError(f"{target} already exists; nothing was changed")
        _ensure_folder(commands, undo)
        for package in (commands.parent, commands):
            marker = package / "__init__.py"
            if not marker.exists():
                undo.callback(marker.unlink, missing_ok=True)
                marker.write_text(f'"""Commands of {app}."""\n', encoding="utf-8")
        undo.callback(target.unlink, missing_ok=True)
        text = (TEMPLATES / "command" / f"command_name.py{TEMPLATE_SUFFIX}").read_text(encoding="utf-8")
        target.write_text(string.Template(text).substitute(command=command), encoding="utf-8")
        undo.pop_all()  # from here on everything stays
    return target


def _names_in(folder: Path) -> set[str]:
    """Give the names that the templates in a folder are imported or known by."""
    return {entry.name.removesuffix(TEMPLATE_SUFFIX).partition(".")[0] for entry in folder.iterdir()}


def _names_of(name: str, *, flat: bool) -> dict[str, str]:
    """Give the templates of a project its name, and what its layout puts before those of its modules and files."""
    if flat:
        return {"name": name, "modules": "", "folder": "", "import_views": "import views"}
    return {"name": name, "modules": f"{name}.", "folder": f"{name}/", "import_views": f"from {name} import views"}


def _dissolve(package: Path) -> None:
    """Make the modules of a package top-level ones."""
    (package / "__init__.py").unlink()
    for module in package.iterdir():
        module.rename(package.parent / module.name)
    package.rmdir()


def _check_identifier(name: str) -> None:
    if not name.isidentifier():
        near = re.sub(r"\W", "_", name)
        hint = f", as in {near!r}" if near.isidentifier() else ""
        raise CommandError(
            f"{name!r} is no Python identifier; use letters, digits and underscores, and begin with a letter{hint}"
        )
    # Python imports full-width letters and ligatures under their plain form (PEP 3131), which no folder here has.
    plain = unicodedata.normalize("NFKC", name)
    if plain != name:
        raise CommandError(f"{name!r} is {plain!r} to Python; use that, or a different name")
    if keyword.iskeyword(name):
        raise CommandError(f"{name!r} is a word of the Python language; choose a different name")
    if name == SETTINGS:
        raise CommandError(f"{name!r} is where every project has its settings; choose a different name")


def _check_not_built_in(command: str) -> None:
    # The registry brings apps and settings, a heavy floor that new projects and apps do without.
    from openviper.management.registry import ALIASES, builtin_names

    if command in {*builtin_names(), *ALIASES}:
        raise CommandError(f"{command!r} is a built-in command and would win; choose a different name")


def _check_hides_nothing(name: str) -> None:
    """Refuse a name that would stand before a module of the same name on ``sys.path``."""
    if name in sys.stdlib_module_names:
        raise CommandError(
            f"{name!r} would hide the module of that name in the standard library; choose a different name"
        )
    try:
        found = importlib.util.find_spec(name) is not None
    except ValueError:  # loaded and without a spec, as __main__ is
        found = True
    if found:
        raise CommandError(f"{name!r} would hide an installed module of that name; choose a different name")


def _free_target(name: str, directory: Path | str | None) -> Path:
    with _failures_reported(name):
        target = Path(directory or ".").absolute() / name
        # A dangling link counts: renaming a folder over it would fail late.
        if target.exists() or target.is_symlink():
            raise CommandError(f"{target} already exists; nothing was changed")
    return target


def _find_app(app: str, root: Path) -> Path:
    parts = app.split(".")
    if not all(part.isidentifier() for part in parts):
        raise CommandError(f"{app!r} is no dotted name of an app")
    places = [root, *sorted(marker.parent for marker in root.glob("*/__init__.py"))]
    found = [place.joinpath(*parts) for place in places if place.joinpath(*parts, "__init__.py").is_file()]
    if not found:
        raise CommandError(f"no app {app!r} below {root}; create it with: create-app {parts[-1]}")
    if len(found) > 1:
        raise CommandError(f"several apps answer to {app!r}: {', '.join(map(str, found))}; give the full dotted name")
    return found[0]


@contextlib.contextmanager
def _staged(target: Path) -> Iterator[Path]:
    """Hand out a draft beside the target, which takes its place at the end in one step.

    Whatever goes wrong, an interrupt included, the draft and the folders made for it are gone afterwards.
    """
    with _failures_reported(target), contextlib.ExitStack() as undo:
        _ensure_folder(target.parent, undo)
        staging = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        undo.callback(shutil.rmtree, staging, ignore_errors=True)
        # mkdtemp closes its folder to others; one level down the umask decides, as for any new folder.
        draft = staging / target.name
        draft.mkdir()
        yield draft
        draft.rename(target)


@contextlib.contextmanager
def _failures_reported(target: Path | str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CommandError(f"cannot create {target}: {error.strerror or error}; nothing was left behind") from error


def _ensure_folder(folder: Path, undo: contextlib.ExitStack) -> None:
    """Make a folder and its missing parents; undoing removes those that were made and are empty."""
    if not folder.parent.exists():
        _ensure_folder(folder.parent, undo)
    if not folder.exists():
        folder.mkdir()
        undo.callback(_remove_if_empty, folder)


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _render_tree(source: Path, target: Path, values: Mapping[str, str]) -> None:
    # Python may have left caches beside the templates, which are not marked as one.
    for entry in sorted(source.iterdir()):
        if entry.is_dir():
            folder = target / entry.name
            folder.mkdir()
            _render_tree(entry, folder, values)
        elif entry.name.endswith(TEMPLATE_SUFFIX):
            text = string.Template(entry.read_text(encoding="utf-8")).substitute(values)
            _write(target / entry.name.removesuffix(TEMPLATE_SUFFIX), text)


def _write(path: Path, text: str) -> None:
    mode = MODES.get(path.name)
    if mode is not None:
        path.touch(mode=mode)  # a secret is never readable by others, not even while it is written
        path.chmod(mode)
    path.write_text(text, encoding="utf-8", newline="\n")

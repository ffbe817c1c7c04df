"""From a command line in some folder to the project in it: settings named, importable, handed to the commands.

Serves ``openviper viperctl`` and the ``viperctl.py`` of a project alike. Which commands there are is not known
here: a runner is injected, or loaded by its dotted path.
"""

import os
import sys
from collections.abc import Callable, MutableMapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias, cast

from openviper.conf.environment import FOLDER_VARIABLE
from openviper.core.aliasing import AliasFinder
from openviper.core.exceptions import ProjectError
from openviper.core.project import SETTINGS_VARIABLE, Project, Surroundings, working_directory
from openviper.primitives.imports import import_string

__all__ = ["FlexibleAdapter", "Runner", "bootstrap_and_run", "ensure_streams", "open_project"]

#: Takes the words after the program's name and where they were typed; returns the exit code.
Runner: TypeAlias = Callable[[Sequence[str], Surroundings], int]

_RUNNER: Final = "openviper.management.runner.main"
_OPTION: Final = "--settings"
_SCRIPT: Final = "viperctl.py"


class FlexibleAdapter:
    """What a project's ``viperctl.py`` calls: ``sys.exit(FlexibleAdapter().run(sys.argv))``.

    Args:
        runner: Finds and runs the command; None for the framework's own commands and those of the apps.
    """

    def __init__(self, runner: Runner | None = None) -> None:
        self._runner = runner

    def run(self, argv: Sequence[str] | None = None) -> int:
        """Run a command line and return its exit code; errors of users end up on stderr, not as exceptions.

        The project is the one in the folder of the ``viperctl.py`` that the process was started with, wherever
        that was done; without such a script it is the one in the working directory.

        Args:
            argv: The words of the command line; the first one is taken for the program's name only if it is
                ``sys.argv[0]``. None means ``sys.argv``.
        """
        words = list(sys.argv if argv is None else argv)
        if words[:1] == sys.argv[:1]:
            del words[:1]
        return bootstrap_and_run(words, runner=self._runner, cwd=_folder_of_script())


def bootstrap_and_run(
    argv: Sequence[str],
    *,
    runner: Runner | None = None,
    cwd: Path | None = None,
    environ: MutableMapping[str, str] | None = None,
) -> int:
    """Take ``--settings`` out of a command line and run the rest.

    Args:
        argv: The words after the program's name; ``--settings MODULE`` may stand anywhere before a ``--``.
        runner: See ``FlexibleAdapter``.
        cwd: Where the project is looked for; None means the working directory. Neither is ever changed.
        environ: Where ``OPENVIPER_SETTINGS_MODULE`` is read, and set with ``OPENVIPER_PROJECT_DIR``; None means the
            environment of the process.

    Returns:
        The exit code: 0, or what the command gave; 2 for a ``--settings`` without a module, 1 without a folder to
        look in.
    """
    ensure_streams()
    words, settings_option = _take_settings(argv)
    if settings_option is not None and (not settings_option or settings_option.startswith("-")):
        sys.stderr.write("--settings needs the dotted name of a module, as in: --settings myproject.settings\n")
        return 2
    try:
        folder = working_directory() if cwd is None else cwd.absolute()
    except ProjectError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    environ = os.environ if environ is None else environ
    environ[FOLDER_VARIABLE] = str(folder)  # a variable, so that child processes agree
    surroundings = Surroundings(folder, environ, settings_option)
    return (runner or cast(Runner, import_string(_RUNNER)))(words, surroundings)


def ensure_streams() -> None:
    """Let stdin, stdout and stderr lead nowhere where the process was started without them (``>&-``).

    Python has None in place of such a stream, and the next file that is opened would get its number.
    """
    nowhere = Path(os.devnull)
    sys.stdin = sys.stdin or nowhere.open(encoding="utf-8")
    sys.stdout = sys.stdout or nowhere.open("w", encoding="utf-8")
    sys.stderr = sys.stderr or nowhere.open("w", encoding="utf-8")


def open_project(project: Project, environ: MutableMapping[str, str]) -> None:
    """Make a project importable and its settings known; a second call changes nothing.

    The root becomes the first entry of ``sys.path``, a root layout also answers to its label, and
    ``OPENVIPER_SETTINGS_MODULE`` is set, so that child processes agree.

    Args:
        project: What was found.
        environ: The environment to set the variable in.
    """
    root = str(project.root)
    sys.path[:] = [root, *(entry for entry in sys.path if entry != root)]
    if project.layout == "root" and project.label is not None:
        AliasFinder(project.label, project.root).install()
    if project.settings_module is not None:
        environ[SETTINGS_VARIABLE] = project.settings_module


def _folder_of_script() -> Path | None:
    """Give the folder of the project's script that is running, as Python puts it on ``sys.path``; None without one."""
    script = Path("".join(sys.argv[:1]))  # an embedding program may give no words at all
    if not script.is_file():
        return None
    script = script.absolute()
    # A link to the script stands for it, while one to a folder is a place of its own (/srv/current).
    if script.is_symlink() or ".." in script.parts:
        script = script.resolve()
    return script.parent if script.name == _SCRIPT else None


def _take_settings(argv: Sequence[str]) -> tuple[list[str], str | None]:
    """Split off the settings option; the empty string stands for an option without a value."""
    words: list[str] = []
    module: str | None = None
    rest = iter(argv)
    for word in rest:
        if word == "--":
            return [*words, word, *rest], module
        if word == _OPTION:
            module = next(rest, "")
        elif word.startswith(f"{_OPTION}="):
            module = word.removeprefix(f"{_OPTION}=")
        else:
            words.append(word)
    return words, module

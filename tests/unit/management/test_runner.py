"""The command line of a project, from words to exit codes."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from openviper.conf import settings
from openviper.management.registry import ALIASES, builtin_names

if TYPE_CHECKING:
    from tests.unit.management.conftest import Site

WHERE = """
from openviper.conf import settings
from openviper.management.base import BaseCommand
class Command(BaseCommand):
    help = "Tell what the command was given."
    def add_arguments(self, parser):
        parser.add_argument("labels", nargs="*")
        parser.add_argument("--name")
    def handle(self, *, labels, name):
        project = self.project
        self.stdout(f"{project.layout} {project.app} {settings.module} {labels} {name}")
"""

PLAIN = """
from openviper.management.base import BaseCommand
class Command(BaseCommand):
    async def handle(self):
        self.stdout(f"app {self.project.app}")
"""

TAKES_ONE = """
from openviper.management.base import BaseCommand
class Command(BaseCommand):
    needs_settings = False
    def add_arguments(self, parser): parser.add_argument("name")
    def handle(self, *, name): self.stdout(f"name {name}")
"""

COMMANDS = {
    "blog/management/commands/where.py": WHERE,
    "blog/management/commands/plain.py": PLAIN,
    "blog/management/commands/takes_one.py": TAKES_ONE,
}


@pytest.fixture
def in_root(root_layout: "Site") -> "Site":
    root_layout.write(COMMANDS)
    return root_layout


@pytest.fixture
def in_package(package_layout: "Site") -> "Site":
    package_layout.write({f"web/{name}": text for name, text in COMMANDS.items()})
    return package_layout


def test_command_of_an_app_runs_in_the_root_layout(in_root: "Site") -> None:
    """In a root layout the settings are top-level and the project is called like its folder (C-020, C-021)."""
    assert in_root.run("where").out == "root shop settings [] None\n"
    assert in_root.run("where", "blog", "--name", "x").out == "root blog settings [] x\n"


def test_command_of_an_app_runs_in_the_package_layout(in_package: "Site") -> None:
    """In a package layout settings and target are those of the package (C-020, C-021)."""
    assert in_package.run("where").out == "package web web.settings [] None\n"
    assert in_package.run("where", "web.blog").out == "package web.blog web.settings [] None\n"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["where", "."], "shop settings [] None"),
        (["where", ".", "a"], "shop settings ['a'] None"),
        (["where", "blog", "a", "b"], "blog settings ['a', 'b'] None"),
        (["where", "a", "blog"], "shop settings ['a', 'blog'] None"),
        (["where", "--name", "blog", "a"], "shop settings ['a'] blog"),
        (["where", "--name", "blog", "."], "shop settings [] blog"),
        (["where", "../shop"], "shop settings ['../shop'] None"),
    ],
)
def test_first_word_is_the_target_if_it_names_one(in_root: "Site", words: list[str], expected: str) -> None:
    """Only a first word that names something in the project is the target; all others are the command's (A-38)."""
    assert in_root.run(*words).out == f"root {expected}\n"


def test_command_that_needs_its_word_keeps_it(in_root: "Site") -> None:
    """A word that a command cannot do without is its own, also where an app has that name (A-38)."""
    assert in_root.run("takes-one", "blog").out == "name blog\n"
    assert in_root.run("takes-one", ".", "blog").out == "name blog\n"


def test_wrong_target_is_one_message(in_root: "Site") -> None:
    """A word that is no target, for a command without words of its own, is named, exit code 1 (A-38)."""
    done = in_root.run("plain", "nowhere")

    assert (done.code, done.out) == (1, "")
    assert done.err == (
        f"'nowhere' is no app or project below {in_root.root}; "
        "write '.' for the whole project, or the dotted name of a package in it\n"
        "see: reference/errors.html#target-unknown\n"
    )


@pytest.mark.parametrize("words", [["--settings", "other", "where"], ["where", "--settings=other"]])
def test_settings_option_names_the_module_for_the_process(in_root: "Site", words: list[str]) -> None:
    """``--settings`` before or after the command wins over what was found, also in the environment (C-037)."""
    in_root.write({"other.py": "INSTALLED_APPS = ['blog']\n"})

    assert in_root.run(*words).out == "root shop other [] None\n"
    assert os.environ["OPENVIPER_SETTINGS_MODULE"] == "other"


def test_settings_that_something_has_read_before_give_way(in_root: "Site") -> None:
    """A process that has loaded other settings already runs the command with those it was told."""
    in_root.write({"other.py": "INSTALLED_APPS = ['blog']\n"})
    in_root.run("where")

    assert in_root.run("where", "--settings", "other").out == "root shop other [] None\n"


def test_configured_settings_stay(in_root: "Site") -> None:
    """Settings that the process was given as values are not replaced by a module."""
    settings.configure(INSTALLED_APPS=("blog",), PROJECT_NAME="Configured")

    assert in_root.run("where").out == "root shop None [] None\n"
    assert settings.PROJECT_NAME == "Configured"


def test_installed_apps_are_as_the_settings_say(in_root: "Site") -> None:
    """Running a command adds nothing to ``INSTALLED_APPS`` (A-45)."""
    assert in_root.run("where").code == 0

    assert settings.INSTALLED_APPS == ("blog",)


def test_folder_without_a_project_runs_with_defaults(site: "Site") -> None:
    """Where nothing is found a warning says so, and the defaults apply with SQLite beside (A-62)."""
    done = site.run("shell", "-c", "print(settings.DATABASE_URL)")

    assert (done.code, done.out) == (0, "sqlite:///db.sqlite3\n")
    assert done.err.startswith(f"Warning: no settings found in {site.root};")
    assert site.files() == []


def test_several_projects_are_listed(site: "Site") -> None:
    """Where several projects are possible a command that needs one lists them, and one that does not runs (C-035)."""
    site.write({"api/settings.py": "", "web/settings.py": ""})

    done = site.run("shell", "-c", "1")

    assert (done.code, done.out) == (1, "")
    assert "holds several projects: api, web;" in done.err
    assert site.run("version").code == 0
    assert "no built-in command" in site.run("verzion").err
    assert site.run("shell", "web", "-c", "print(settings.module)").out == "web.settings\n"


@pytest.mark.parametrize("words", [[], ["help"], ["--help"], ["-h"]])
def test_list_of_commands_has_those_of_apps(in_root: "Site", words: list[str]) -> None:
    """``help``, ``--help`` and no argument list built-in commands and those of apps, exit code 0 (C-035)."""
    done = in_root.run(*words)

    assert (done.code, done.err) == (0, "")
    lines = [line.strip() for line in done.out.splitlines()]
    assert lines[0] == "usage: openviper viperctl [--settings MODULE] COMMAND [TARGET] [ARGUMENT ...]"
    assert "Commands of blog:" in lines
    assert any(line.split(maxsplit=1) == ["where", "Tell what the command was given."] for line in lines)
    assert any(line.startswith("shell ") for line in lines)


def test_list_of_commands_survives_broken_settings(in_root: "Site") -> None:
    """Settings that cannot be loaded cost the commands of apps and one note; the exit code stays 0 (C-035)."""
    in_root.write({"settings.py": "import nowhere_to_be_found\n"})

    done = in_root.run("help")

    assert done.code == 0
    assert "shell" in done.out
    assert "Commands of blog" not in done.out
    assert done.err.startswith("Note: commands of apps are not listed: ")
    assert "nowhere_to_be_found" in done.err


@pytest.mark.parametrize("name", [*builtin_names(), *ALIASES, "plain"])
def test_help_of_a_command_needs_no_settings(in_root: "Site", name: str) -> None:
    """``--help`` works with broken settings, for every built-in command and those of the project (C-035)."""
    in_root.write({"settings.py": "1 / 0\n", "management/commands/plain.py": PLAIN})

    done = in_root.run(name, "--help")

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"usage: openviper viperctl {name} ")


@pytest.mark.parametrize("words", [["help", "check"], ["check", "-h"], ["check", "nowhere", "--help"]])
def test_help_of_a_command_may_be_asked_in_other_ways(in_root: "Site", words: list[str]) -> None:
    """``help COMMAND`` and ``-h`` are the same as ``--help``, which wins over a wrong word (C-035)."""
    done = in_root.run(*words)

    assert (done.code, done.out) == (0, in_root.run("check", "--help").out)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["chekc"], 1, "unknown command 'chekc' (did you mean 'check'?)"),
        (["--setings", "x"], 2, "unknown option --setings (did you mean '--settings'?)"),
        (["check", "--deplyo"], 2, "unknown option --deplyo (did you mean '--deploy'?)"),
    ],
)
def test_wrong_line_is_one_message(in_root: "Site", words: list[str], code: int, message: str) -> None:
    """A wrong command or option is named with the closest one, without a traceback (C-035)."""
    done = in_root.run(*words)

    assert (done.code, done.out) == (code, "")
    assert message in done.err
    assert done.err.count("\n") == 1


def test_version_is_an_option_too(site: "Site") -> None:
    """``viperctl --version`` and ``viperctl version`` print the same line."""
    assert site.run("--version").out == site.run("version").out != ""


@pytest.mark.parametrize("script", [False, True])
def test_both_entry_points_offer_the_same(in_package: "Site", *, script: bool) -> None:
    """``openviper viperctl`` and the project's ``viperctl.py`` run the same commands alike (C-020, C-022, A-39)."""
    done = in_package.spawn("where", "web.blog", "--name", "x", script=script)

    assert (done.code, done.out, done.err) == (0, "package web.blog web.settings [] x\n", "")


def test_command_of_a_package_runs(in_root: "Site") -> None:
    """A command that an installed distribution registers as an entry point runs like any other (C-020, A-39)."""
    in_root.write(
        {
            "stars.py": PLAIN.replace("Command(", "Stars("),
            "stars-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: stars\nVersion: 1.0\n",
            "stars-1.0.dist-info/entry_points.txt": "[openviper.cli]\ncount-stars = stars:Stars\n",
        }
    )

    done = in_root.spawn("count-stars")

    assert (done.code, done.out, done.err) == (0, "app shop\n", "")


@pytest.mark.parametrize("script", [False, True])
def test_program_is_named_as_it_was_called(in_package: "Site", *, script: bool) -> None:
    """Usage lines name the program that the user called (C-022)."""
    program = "viperctl.py" if script else "openviper viperctl"

    assert in_package.spawn("help", script=script).out.startswith(f"usage: {program} [--settings")


def test_project_is_left_as_it_was(in_root: "Site") -> None:
    """A command changes neither the working directory nor the files of the project (C-021)."""
    before = in_root.files()

    done = in_root.spawn("shell", "-c", "import os; print(os.getcwd())")

    assert done.out == f"{Path(in_root.root).resolve()}\n"
    assert in_root.files() == before


def test_looking_for_a_command_leaves_stdout_alone(root_layout: "Site") -> None:
    """What settings and the command's module print before it is known goes to stderr, so that it may own stdout."""
    root_layout.write(
        {
            "settings.py": "print('settings')\nINSTALLED_APPS = ['blog']\n",
            "blog/management/commands/report.py": """
                from openviper.management import BaseCommand
                print("command")
                class Command(BaseCommand):
                    owns_stdout = True
                    def handle(self): self.stdout("report")
            """,
        }
    )

    outcome = root_layout.run("report")

    assert (outcome.code, outcome.out, outcome.err) == (0, "report\n", "settings\ncommand\n")

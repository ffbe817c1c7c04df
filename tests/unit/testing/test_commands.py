"""Commands of the project inside a test."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from openviper.testing import CommandRunner, override_settings

COMMAND = """
import sys
from openviper.management.base import BaseCommand, CommandError

class Command(BaseCommand):
    help = "Greet somebody."

    def add_arguments(self, parser):
        parser.add_argument("name")
        parser.add_argument("--loud", action="store_true")

    def handle(self, *args, **options):
        if options["name"] == "nobody":
            raise CommandError("nobody is there", returncode=3)
        if options["name"] == "exit":
            sys.exit("stopped here")
        if options["name"] == "crash":
            raise LookupError("crashed")
        print("printed")
        self.stdout(f"hello {options['name']}{'!' if options['loud'] else ''}")
        self.stderr("a note")
"""


@pytest.fixture(autouse=True)
def greeting_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installed app with a command of its own."""
    folder = tmp_path / "greeting_app" / "management" / "commands"
    folder.mkdir(parents=True)
    for package in (folder, folder.parent, folder.parent.parent):
        (package / "__init__.py").write_text("")
    (folder / "greet.py").write_text(COMMAND)
    monkeypatch.syspath_prepend(tmp_path)
    with override_settings(INSTALLED_APPS=("greeting_app",)):
        yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "greeting_app"]:
        del sys.modules[name]


def test_output_is_collected() -> None:
    """What a command writes, by its own means or by print, is in the result and not on the screen."""
    result = CommandRunner()("greet", "Ann", loud=True)
    assert (result.exit_code, result.out, result.err) == (0, "printed\nhello Ann!\n", "a note\n")


async def test_command_runs_under_a_running_loop() -> None:
    """An asynchronous test awaits its commands."""
    result = await CommandRunner().acall("greet", "Ann", "--loud")
    assert (result.exit_code, result.out) == (0, "printed\nhello Ann!\n")


def test_reported_error_is_a_result() -> None:
    """The message of a CommandError is in the error output, its code in the result."""
    result = CommandRunner()("greet", "nobody")
    assert (result.exit_code, result.out, result.err) == (3, "", "nobody is there\n")


def test_wrong_arguments_are_a_result() -> None:
    """Arguments that do not fit are the command's own error."""
    result = CommandRunner()("greet")
    assert result.exit_code == 2
    assert "name" in result.err


def test_unknown_command_is_a_result() -> None:
    """A command that does not exist is reported like any other error."""
    result = CommandRunner()("gret")
    assert result.exit_code != 0
    assert "gret" in result.err


def test_exit_is_a_result() -> None:
    """A command that ends the process ends the call instead; a message counts as failure."""
    result = CommandRunner()("greet", "exit")
    assert (result.exit_code, result.err) == (1, "stopped here\n")


def test_other_exceptions_reach_the_test() -> None:
    """What a command does not report itself is a fault that the test sees whole."""
    with pytest.raises(LookupError, match="crashed"):
        CommandRunner()("greet", "crash")


async def test_call_under_a_running_loop_is_refused() -> None:
    """The error says what to write instead."""
    with pytest.raises(RuntimeError, match="await"):
        CommandRunner()("greet", "Ann")

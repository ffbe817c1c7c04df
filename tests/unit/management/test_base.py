"""The base class of commands."""

import asyncio
import io
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest

from openviper.apps.bootstrap import is_set_up
from openviper.conf import settings
from openviper.management import BaseCommand, CommandError
from openviper.management.arguments import CommandParser

if TYPE_CHECKING:
    from tests.unit.management.conftest import Site

MISSING = "the following arguments are required: name (see: viperctl probe --help)"

HOOKS = """
import asyncio
def ready():
    try: asyncio.get_running_loop()
    except RuntimeError: print("ready before the loop")
async def startup(): print("startup")
async def shutdown(): print("shutdown")
"""


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Greet(BaseCommand):
    """A command with a word, an option and output."""

    help = "Say hello."
    needs_settings = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--loud", action="store_true")

    def handle(self, *, name: str, loud: bool) -> None:
        if name == "nobody":
            raise CommandError("nobody to greet", returncode=3)
        self.stdout(f"Hello {name.upper() if loud else name}", ending="!\n")
        self.stderr("greeted")


class Probe(BaseCommand):
    """An async command that tells where it ran."""

    seen: ClassVar[list[object]] = []

    async def handle(self) -> int:
        await asyncio.sleep(0)
        self.stdout("handle")
        self.seen[:] = [threading.current_thread(), is_set_up()]
        return 5


class SyncProbe(BaseCommand):
    """The same in a plain function."""

    seen: ClassVar[list[object]] = []

    def handle(self) -> int:
        self.stdout("handle")
        self.seen[:] = [threading.current_thread(), is_set_up()]
        return 6


@pytest.fixture
def hooked(site: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    """A project whose one app prints from its hooks."""
    site.write({"settings.py": "INSTALLED_APPS = ['hooked']\n", "hooked/__init__.py": "", "hooked/lifecycle.py": HOOKS})
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "settings")
    monkeypatch.syspath_prepend(site.root)


def run(command: type[BaseCommand], *words: str) -> int:
    return command().run_from_argv(["viperctl", "probe", *words])


def test_command_line_becomes_options(capsys: pytest.CaptureFixture[str]) -> None:
    """The words are parsed by argparse, and the output goes where its kind belongs (A-64)."""
    assert run(Greet, "Ada", "--loud") == 0

    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("Hello ADA!\n", "greeted\n")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["nobody"], 3, "nobody to greet\n"),
        ([], 2, "the following arguments are required: name (see: viperctl probe --help)\n"),
    ],
)
def test_failure_is_a_message_and_a_code(
    capsys: pytest.CaptureFixture[str], words: Sequence[str], code: int, message: str
) -> None:
    """A ``CommandError`` and a wrong line end with their code and one message, without a traceback (C-035)."""
    assert run(Greet, *words) == code
    assert capsys.readouterr().err == message


def test_help_names_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Help shows usage, the sentence and the arguments, on demand and as a method."""
    assert run(Greet, "--help") == 0
    shown = capsys.readouterr().out
    Greet().print_help("viperctl", "probe")

    assert shown.startswith("usage: viperctl probe [-h] [--loud] name\n\nSay hello.")
    assert capsys.readouterr().out == shown


@pytest.mark.usefixtures("hooked")
def test_async_handle_runs_inside_the_hooks(capsys: pytest.CaptureFixture[str]) -> None:
    """An async ``handle`` has the apps set up before its loop starts and their hooks around it (C-401)."""
    assert run(Probe) == 5

    assert capsys.readouterr().out.splitlines() == ["ready before the loop", "startup", "handle", "shutdown"]
    assert Probe.seen == [threading.main_thread(), True]


@pytest.mark.usefixtures("hooked")
def test_sync_handle_has_the_apps_set_up_only(capsys: pytest.CaptureFixture[str]) -> None:
    """A plain ``handle`` runs in the main thread, with the apps set up and no hooks around it."""
    assert run(SyncProbe) == 6

    assert capsys.readouterr().out.splitlines() == ["ready before the loop", "handle"]
    assert SyncProbe.seen == [threading.main_thread(), True]


@pytest.mark.usefixtures("hooked")
def test_lifecycle_is_a_choice(capsys: pytest.CaptureFixture[str]) -> None:
    """A command may go without the hooks, or have them around a plain ``handle``, which then runs in a thread."""

    class Without(Probe):
        lifecycle = False

    class With(SyncProbe):
        lifecycle = True

    assert run(Without) == 5
    assert capsys.readouterr().out.splitlines() == ["ready before the loop", "handle"]
    assert run(With) == 6
    assert capsys.readouterr().out.splitlines() == ["startup", "handle", "shutdown"]
    assert With.seen[0] is not threading.main_thread()


@pytest.mark.usefixtures("hooked")
def test_needs_are_a_choice() -> None:
    """A command may do without apps, or without settings altogether."""

    class NoApps(SyncProbe):
        needs_apps = False

    class Nothing(SyncProbe):
        needs_settings = False

    assert run(Nothing) == 6
    assert state() == (False, False)
    assert run(NoApps) == 6
    assert state() == (True, False)
    assert run(SyncProbe) == 6
    assert state() == (True, True)


def state() -> tuple[bool, bool]:
    return settings.is_loaded, is_set_up()


def test_broken_settings_end_a_command_that_needs_them(
    monkeypatch: pytest.MonkeyPatch, site: "Site", capsys: pytest.CaptureFixture[str]
) -> None:
    """Settings that cannot be loaded are one message that names the module, and exit code 1 (C-035)."""
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "nowhere.settings")

    assert run(SyncProbe) == 1

    error = capsys.readouterr().err
    assert "nowhere.settings" in error
    assert "Traceback" not in error


def test_hidden_coroutine_is_an_error() -> None:
    """A plain ``handle`` that returns a coroutine is refused, since nobody would await it."""

    class Wrapped(BaseCommand):
        needs_settings = False

        def handle(self) -> object:
            return asyncio.sleep(0)

    with pytest.raises(TypeError, match="make it async"):
        Wrapped().execute()


def styled(*, stdout: io.StringIO, stderr: io.StringIO) -> list[str]:
    command = Greet()
    command.bind(stdout=stdout, stderr=stderr)
    styles = (
        command.style_success,
        command.style_warning,
        command.style_error,
        command.style_notice,
        command.style_bold,
        command.style_dim,
    )
    return [style("x") for style in styles]


@pytest.mark.parametrize("result", [None, True, False, "text", 0])
def test_other_results_are_success(result: object) -> None:
    """Only a whole number is an exit code; whatever else ``handle`` returns is success."""

    class Returns(BaseCommand):
        needs_settings = False

        def handle(self) -> object:
            return result

    assert run(Returns) == 0


def test_styles_are_plain_without_a_terminal() -> None:
    """Styled text is plain when either stream is no terminal."""
    assert styled(stdout=Terminal(), stderr=io.StringIO()) == ["x"] * 6
    assert styled(stdout=io.StringIO(), stderr=Terminal()) == ["x"] * 6


def test_styles_differ_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal each style has a look of its own."""
    monkeypatch.setenv("TERM", "xterm")
    texts = styled(stdout=Terminal(), stderr=Terminal())

    assert len(set(texts)) == 6
    assert all(text.endswith("mx\x1b[0m") for text in texts)


def test_project_is_looked_for_where_nobody_named_it(root_layout: "Site") -> None:
    """A command that is called from code runs for the project of the working directory."""
    project = Greet().project

    assert (project.root, project.settings_module) == (Path.cwd(), "settings")


def test_command_without_handle_says_so() -> None:
    """A command without ``handle`` is a mistake that is named."""
    with pytest.raises(NotImplementedError, match="does not define handle"):
        BaseCommand().handle()


class Report(BaseCommand):
    owns_stdout = True
    needs_settings = False

    def handle(self) -> None:
        print("noise")
        self.stdout("report")


class AsyncReport(Report):
    async def handle(self) -> None:  # type: ignore[override]  # sync or async is a choice of each command
        super().handle()


@pytest.mark.parametrize("command", [Report, AsyncReport])
def test_stdout_may_be_the_command_s_own(command: type[Report], capsys: pytest.CaptureFixture[str]) -> None:
    """A command that owns stdout shares it with nobody; what others print meanwhile goes to stderr."""
    assert run(command) == 0

    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("report\n", "noise\n")


def test_owned_output_goes_where_it_was_bound() -> None:
    """Streams given by the caller are kept apart as those of the process are."""
    command, out, err = Report(), io.StringIO(), io.StringIO()
    command.bind(stdout=out, stderr=err)

    assert command.execute() == 0

    assert (out.getvalue(), err.getvalue()) == ("report\n", "noise\n")

"""The border where a command ends as an exit code."""

import os
import subprocess
import sys

import pytest

from openviper.apps.exceptions import AppReadyError
from openviper.exceptions import OpenViperError, SettingsValidationError
from openviper.management.border import attempt, exit_code_of
from openviper.management.exceptions import CommandError, UsageError


def raising(error: BaseException) -> int:
    def work() -> int:
        raise error

    return exit_code_of(work)


@pytest.mark.parametrize("code", [0, 3])
def test_exit_code_is_what_the_command_returns(code: int) -> None:
    """A command that ends by itself decides its exit code."""
    assert exit_code_of(lambda: code) == code


@pytest.mark.parametrize("code", [256, 512, -1])
def test_exit_code_of_no_process_is_a_failure(code: int) -> None:
    """What the system would cut down, 256 to success, becomes 1."""
    assert exit_code_of(lambda: code) == 1


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (CommandError("no such file", returncode=4), 4, "no such file\n"),
        (UsageError("unknown option"), 2, "unknown option\n"),
        (
            SettingsValidationError(["DEBUG is on"]),
            1,
            "1 problem in the settings:\n  - DEBUG is on\nsee: reference/errors.html#settings-invalid\n",
        ),
        (
            AppReadyError("shop", OSError("full")),
            1,
            "ready() of installed app 'shop' failed: OSError: full\nsee: reference/errors.html#app-ready-failed\n",
        ),
        (OpenViperError("an error of a project"), 1, "an error of a project\n"),
        (ExceptionGroup("2 steps did not stop", [CommandError("a"), CommandError("b")]), 1, "2 steps did not stop\n"),
        (SystemExit(), 0, ""),
        (SystemExit(5), 5, ""),
        (SystemExit(256), 1, ""),
        (CommandError("not done", returncode=0), 1, "not done\n"),
        (CommandError("not done", returncode=256), 1, "not done\n"),
        (CommandError("not done", returncode=-1), 1, "not done\n"),
        (SystemExit("stopped here"), 1, "stopped here\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_expected_failure_is_one_message(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, message: str
) -> None:
    """A failure that was foreseen is its message and where its kind is described, without a traceback (C-035)."""
    assert raising(error) == code

    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", message)


def test_notes_of_a_failure_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """What else failed while cleaning up stands below the message."""
    error = CommandError("could not start")
    error.add_note("and could not stop the rest")

    raising(error)

    assert capsys.readouterr().err == "could not start\nand could not stop the rest\n"


@pytest.mark.parametrize(
    "error",
    [ZeroDivisionError("by zero"), ExceptionGroup("both", [CommandError("a"), ZeroDivisionError("by zero")])],
)
def test_bug_is_shown_with_its_traceback(capsys: pytest.CaptureFixture[str], error: Exception) -> None:
    """What nobody foresaw is exit code 1, with everything that helps to mend it."""
    assert raising(error) == 1

    shown = capsys.readouterr().err
    assert "Traceback (most recent call last)" in shown
    assert "ZeroDivisionError: by zero\n" in shown


def test_reader_that_goes_away_ends_the_command_quietly() -> None:
    """A pipe closed by its reader is exit code 141 and no message, not even at the interpreter's end."""
    code = (
        "import sys\n"
        "from openviper.management.border import exit_code_of\n"
        "sys.exit(exit_code_of(lambda: sys.stdout.write('line\\n' * 50_000) * 0))\n"
    )
    reader, writer = os.pipe()
    os.close(reader)

    done = subprocess.run([sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, timeout=30, check=False)
    os.close(writer)

    assert (done.returncode, done.stderr) == (141, b"")


def test_typed_code_is_attempted() -> None:
    """An attempt tells whether it went well, and hands on what did not; the wish to end passes."""
    errors: list[BaseException] = []

    assert attempt(lambda: None, errors.append)
    assert not attempt(lambda: 1 // 0, errors.append)

    assert [type(error) for error in errors] == [ZeroDivisionError]
    with pytest.raises(SystemExit):
        attempt(sys.exit, errors.append)

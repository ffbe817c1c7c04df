"""Running what people type."""

import contextvars
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from openviper.management.session import Session

if TYPE_CHECKING:
    from tests.unit.management.conftest import Site

SHARED = contextvars.ContextVar("shared", default="unset")


@pytest.fixture
def session(site: "Site") -> Iterator[Session]:
    with Session({"given": 41, "SHARED": SHARED}) as opened:
        yield opened


def run(session: Session, source: str) -> int:
    return session.run_script(source, "<stdin>")


@pytest.mark.parametrize(
    "source",
    [
        "print(given + 1)",
        "import asyncio\nawait asyncio.sleep(0)\nprint(given + 1)",
        "import asyncio\nasync def main(): print(given + 1)\nasyncio.run(main())",
        "if __name__ == '__main__': print(given + 1)",
        "async def give():\n    yield given\nasync for number in give(): print(number + 1)",
    ],
)
def test_script_runs_with_or_without_await(session: Session, capsys: pytest.CaptureFixture[str], source: str) -> None:
    """A script may await at its top level, or run a loop of its own; it sees the names (C-037)."""
    assert run(session, source) == 0
    assert capsys.readouterr().out == "42\n"


def test_scripts_share_names_loop_and_context(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    """What one piece defines, opens or sets is there for the next, awaited or not."""
    run(session, "import asyncio")
    run(session, "loop = await asyncio.sleep(0, asyncio.get_running_loop())")
    run(session, "SHARED.set('set')")
    run(session, "async def look(): return SHARED.get()")

    run(session, "print(await look(), loop is asyncio.get_running_loop())\nawait asyncio.sleep(0)")

    assert capsys.readouterr().out == "set True\n"
    assert SHARED.get() == "unset"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = 1\n1 / 0\n", "    1 / 0"),
        ("async def f():\n    raise OSError('gone')\nawait f()\n", "    raise OSError('gone')"),
    ],
)
def test_exception_is_shown_from_the_users_line_on(
    session: Session, capsys: pytest.CaptureFixture[str], source: str, line: str
) -> None:
    """An exception is a traceback of the script's own lines on stderr, and exit code 1 (C-037)."""
    assert run(session, source) == 1

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith('Traceback (most recent call last):\n  File "<stdin>", line ')
    assert line in captured.err
    assert "openviper" not in captured.err


@pytest.mark.parametrize("source", ["def (:", "x = '\0'"])
def test_text_that_is_no_python_is_an_error(session: Session, capsys: pytest.CaptureFixture[str], source: str) -> None:
    """What cannot be compiled is shown without our own lines, exit code 1."""
    assert run(session, source) == 1
    assert "openviper" not in capsys.readouterr().err


def test_script_may_end_the_process(session: Session) -> None:
    """``SystemExit`` passes, so that a script decides the exit code."""
    with pytest.raises(SystemExit) as caught:
        run(session, "raise SystemExit(3)")
    assert caught.value.code == 3


def test_hooks_run_around_the_session(site: "Site", capsys: pytest.CaptureFixture[str]) -> None:
    """The startup hooks of the apps have run when code runs, on the loop that it gets, and shutdown follows."""
    site.write(
        {
            "settings.py": "INSTALLED_APPS = ['hooked']\n",
            "hooked/__init__.py": "",
            "hooked/lifecycle.py": """
                import asyncio
                async def startup(): print("startup", id(asyncio.get_running_loop()))
                async def shutdown(): print("shutdown", id(asyncio.get_running_loop()))
            """,
        }
    )

    code = "import asyncio; await asyncio.sleep(0); print('code', id(asyncio.get_running_loop()))"
    done = site.run("shell", "-c", code)

    words = [line.split() for line in done.out.splitlines()]
    assert [word for word, _ in words] == ["startup", "code", "shutdown"]
    assert len({number for _, number in words}) == 1


def test_failed_start_closes_the_loop(site: "Site") -> None:
    """Where a hook fails, the error is told and nothing is left open (a warning would fail this test)."""
    site.write(
        {
            "settings.py": "INSTALLED_APPS = ['hooked']\n",
            "hooked/__init__.py": "",
            "hooked/lifecycle.py": "async def startup(): raise OSError('no network')\n",
        }
    )

    done = site.run("shell", "-c", "print('never')")

    assert (done.code, done.out) == (1, "")
    assert "no network" in done.err
    assert "Traceback" not in done.err


def test_prompt_runs_statement_by_statement(
    session: Session, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the prompt each statement runs when complete; values are shown, and an error ends only its statement."""
    lines = ["given + 1", "import asyncio", "await asyncio.sleep(0, 'awaited')", "1 / 0", "[", "7]"]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines) + "\n"))

    session.interact("Welcome")

    captured = capsys.readouterr()
    assert captured.out.replace(">>> ", "").replace("... ", "").split() == ["42", "'awaited'", "[7]"]
    assert captured.err.startswith("Welcome\n")
    assert captured.err.count("ZeroDivisionError") == 1
    assert "openviper" not in captured.err


def test_cancelled_task_does_not_end_the_prompt(
    session: Session, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Awaiting what was cancelled is an error of the statement; the prompt goes on."""
    lines = [
        "import asyncio",
        "loop = await asyncio.sleep(0, asyncio.get_running_loop())",
        "task = loop.create_task(asyncio.sleep(9))",
        "cancelled = task.cancel()",
        "await task",
        "'on'",
    ]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines) + "\n"))

    session.interact("")

    captured = capsys.readouterr()
    assert "CancelledError" in captured.err
    assert "'on'" in captured.out

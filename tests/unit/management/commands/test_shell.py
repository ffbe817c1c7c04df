"""The shell command."""

import os
import select
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.management.conftest import Site

NAMES = "print(settings.INSTALLED_APPS, *(x.__name__ for x in (OpenViper, Request, JSONResponse, HTMLResponse)))\n"


@pytest.mark.parametrize("words", [["shell"], ["shell", "."], ["console"]])
def test_piped_script_runs_in_the_prepared_names(root_layout: "Site", words: list[str]) -> None:
    """Piped stdin is a script that sees settings, the front door and every model, in the root layout too (C-037)."""
    done = root_layout.spawn(*words, stdin=f"{NAMES}print(Book.__module__, Post.__module__)\n")

    assert (done.code, done.err) == (0, "")
    assert done.out == "('blog',) OpenViper Request JSONResponse HTMLResponse\nmodels blog.models\n"


def test_piped_script_runs_in_the_package_layout(package_layout: "Site") -> None:
    """The models of the target are there although ``INSTALLED_APPS`` does not name it (C-037, A-45)."""
    done = package_layout.spawn("shell", stdin="print(Book.__module__, Post.__module__)\n")

    assert (done.code, done.out, done.err) == (0, "web.models web.blog.models\n", "")


def test_piped_script_that_fails_is_reported(root_layout: "Site") -> None:
    """An exception is a traceback on stderr and exit code 1; what was printed before stays (C-037)."""
    done = root_layout.spawn("shell", stdin="print('before')\nraise LookupError('lost')\nprint('after')\n")

    assert (done.code, done.out) == (1, "before\n")
    assert done.err == (
        'Traceback (most recent call last):\n  File "<stdin>", line 2, in <module>\n'
        "    raise LookupError('lost')\nLookupError: lost\n"
    )


def test_empty_stdin_ends_at_once(root_layout: "Site") -> None:
    """Without a terminal nothing is waited for: empty input is an empty script (C-036)."""
    done = root_layout.spawn("shell")

    assert (done.code, done.out, done.err) == (0, "", "")


def test_closed_stdin_ends_at_once(root_layout: "Site") -> None:
    """A process without any stdin gets no prompt either (C-036)."""
    line = f"exec {sys.executable} -m openviper viperctl shell <&-"

    done = subprocess.run(
        ["sh", "-c", line], capture_output=True, text=True, cwd=root_layout.root, timeout=30, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_code_is_run_in_place_of_a_prompt(root_layout: "Site") -> None:
    """``-c`` runs code with ``await`` and the names of the shell, and exits (C-027)."""
    done = root_layout.run("shell", "-c", "import asyncio; print(await asyncio.sleep(0, Book.__name__))")

    assert (done.code, done.out) == (0, "Book\n")


def test_models_may_be_left_out(root_layout: "Site") -> None:
    """With ``--no-models`` the names hold no model (C-027)."""
    done = root_layout.run("shell", "--no-models", "-c", "print('Book' in globals(), 'settings' in globals())")

    assert done.out == "False True\n"


def test_target_gives_its_models(package_layout: "Site") -> None:
    """A target that is no installed app adds its models for this run only (A-45)."""
    package_layout.write({"web/wiki/__init__.py": "", "web/wiki/models.py": "class Page: ...\n"})

    done = package_layout.run("shell", "web.wiki", "-c", "print(Page.__name__, Post.__name__, settings.INSTALLED_APPS)")

    assert done.out == "Page Post ('web.blog',)\n"


def test_broken_models_are_one_message(root_layout: "Site") -> None:
    """Models that cannot be imported are named with the cause, without a traceback (C-035)."""
    root_layout.write({"models.py": "import nowhere_to_be_found\n"})

    done = root_layout.run("shell", "-c", "print('never')")

    assert (done.code, done.out) == (1, "")
    assert "No module named 'nowhere_to_be_found'" in done.err
    assert "Traceback" not in done.err


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("block", ["", "import sys; sys.modules['IPython'] = None; "], ids=["ipython", "stdlib"])
def test_prompt_on_a_terminal_awaits(root_layout: "Site", block: str) -> None:
    """On a terminal a prompt opens, IPython's where it is installed, and awaits on one loop (C-027)."""
    lines = "import asyncio\nloop = await asyncio.sleep(0, asyncio.get_running_loop())\n"
    lines += "print('same', await asyncio.sleep(0, loop) is asyncio.get_running_loop(), Book.__name__)\nexit()\n"

    shown = on_terminal(root_layout, f"{block}from openviper.cli.main import main; main(['viperctl', 'shell'])", lines)

    assert "same True Book" in shown
    assert "Names: settings, OpenViper" in shown
    assert "Traceback" not in shown


def on_terminal(site: "Site", code: str, lines: str) -> str:
    """Run code with a pseudo-terminal, type lines into it, and return all that it showed."""
    import pty  # POSIX only

    leader, follower = pty.openpty()
    env = {**os.environ, "TERM": "dumb", "HOME": str(site.root.parent), "IPYTHONDIR": str(site.root.parent / "ipython")}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=follower, stdout=follower, stderr=follower, cwd=site.root, env=env
    ) as process:
        os.close(follower)
        os.write(leader, lines.encode())
        shown = b""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and select.select([leader], [], [], 30)[0]:
            try:
                shown += os.read(leader, 4096)
            except OSError:  # Linux: the other side has gone
                break
        process.kill()
    os.close(leader)
    return shown.decode(errors="replace")

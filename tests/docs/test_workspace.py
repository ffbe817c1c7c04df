"""Following a page: the runner itself."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs import workspace as runner
from tests.docs.page import RunCommand, RunPython, Step, WriteFile
from tests.docs.workspace import SnippetError, Workspace

# A server in nine lines; it takes its port from the file that names it.
SERVER = """\
# serve.py
import http.server

class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello from 8000\\n")

http.server.HTTPServer(("127.0.0.1", 8000), Hello).serve_forever()
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(tmp_path, page="page.md") as made:
        yield made


def test_folder_and_exports_last_from_command_to_command(workspace: Workspace) -> None:
    """``cd`` and ``export`` hold for the commands, the files and the Python blocks after them."""
    workspace.follow(
        [
            RunCommand(1, "mkdir shop && cd shop && export WHO=reader"),
            WriteFile(2, "pkg/names.py", "# pkg/names.py\nNAME = 'shop'\n"),
            RunCommand(3, "echo $WHO; cat pkg/names.py", "reader\n...\nNAME = 'shop'"),
            RunPython(4, "import os\nfrom pkg.names import NAME\nprint(NAME, os.environ['WHO'])", "shop reader"),
        ]
    )
    assert workspace.folder == workspace.root / "shop"


def test_python_blocks_share_a_namespace_and_may_await(workspace: Workspace) -> None:
    """Blocks of a page are one program, with ``await`` at the top level and plain ``asyncio.run`` beside it."""
    workspace.follow(
        [
            RunPython(1, "import asyncio\nasync def answer():\n    return 42"),
            RunPython(5, "print(await answer())", "42"),
            RunPython(7, "print(asyncio.run(answer()))", "42"),
        ]
    )


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (RunCommand(7, "echo no >&2; false"), "ended with 1:\nno"),
        (RunCommand(7, "echo two", "one"), "this was printed:\n    two"),
        (RunCommand(7, "if"), "ended with"),
        (WriteFile(6, "views.py", "# views.py\nx = = 1\n"), "views.py is no Python"),
        (RunPython(7, "x = 1\nassert x == 2"), 'File "page.md", line 8'),
        (RunPython(7, "print('two')", "one"), "this was printed:\n    two"),
        (RunPython(7, "raise SystemExit(3)"), "SystemExit: 3"),
        (RunPython(7, "import os; os._exit(3)"), "ended its process"),
    ],
)
def test_step_that_fails_fails_the_page(workspace: Workspace, step: Step, says: str) -> None:
    """The error names the line of the page and carries what was printed."""
    with pytest.raises(SnippetError) as caught:
        workspace.follow([step])
    assert says in str(caught.value)
    assert caught.value.line == 7


def test_expected_failure_is_shown_by_its_exit_code(workspace: Workspace) -> None:
    """A page shows a command that fails by printing its exit code after it."""
    workspace.follow([RunCommand(1, "ls nowhere; echo $?", "...\n2")])


def test_step_that_never_ends_is_stopped(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands and blocks have a limit in seconds, and are killed at it."""
    monkeypatch.setattr(runner, "STEP_SECONDS", 0.5)
    with pytest.raises(SnippetError, match="still running"):
        workspace.follow([RunCommand(1, "exec sleep 60")])
    with pytest.raises(SnippetError, match=r"ran for 0\.5 s"):
        workspace.follow([RunPython(1, "import threading; threading.Event().wait()")])


def test_server_is_called_on_a_port_of_its_own(workspace: Workspace) -> None:
    """A page's port may be taken: the server gets a free one, and what is compared shows the page's."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Where something else holds it already, the situation is the one that is wanted.
        with contextlib.suppress(OSError):
            taken.bind(("127.0.0.1", 8000))
        workspace.follow(
            [
                WriteFile(1, "serve.py", SERVER),
                RunCommand(2, "python serve.py", in_background=True),
                RunPython(
                    3,
                    "from urllib.request import urlopen\n"
                    "print(urlopen('http://127.0.0.1:8000/').read().decode().strip())",
                    "hello from 8000",
                ),
            ]
        )


def test_server_is_ended_with_the_page(tmp_path: Path) -> None:
    """Closing the workspace ends the server; nothing listens afterwards."""
    with Workspace(tmp_path, page="page.md") as workspace:
        workspace.follow(
            [
                WriteFile(1, "serve.py", SERVER),
                RunCommand(2, "python serve.py", in_background=True),
                RunCommand(3, "cat serve.py > seen.txt"),
            ]
        )
        port = int((workspace.root / "serve.py").read_text().partition('("127.0.0.1", ')[2].partition(")")[0])
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_server_that_does_not_start_is_reported_with_its_output(workspace: Workspace) -> None:
    """The error of a server that ends at once shows what it said."""
    with pytest.raises(SnippetError, match="no such app"):
        workspace.follow([RunCommand(1, "echo no such app; false", in_background=True)])


def test_server_command_is_given_the_port(workspace: Workspace) -> None:
    """A command that takes ``--port`` and shows none is given the free one."""
    (workspace.root / "uvicorn").write_text('#!/bin/sh\nexec python -m http.server --bind 127.0.0.1 "$2"\n')
    (workspace.root / "uvicorn").chmod(0o755)
    workspace.follow(
        [
            RunCommand(1, "./uvicorn", in_background=True),
            RunPython(2, "from urllib.request import urlopen\nprint(urlopen('http://127.0.0.1:8000/').status)", "200"),
        ]
    )

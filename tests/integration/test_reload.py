"""A server that starts anew when a file changes."""

import json
import os
import signal
import socket
from pathlib import Path

from tests.integration.processes import Server, Starter, script
from tests.integration.sites import add_hooks, add_stream, add_views, rewrite


def test_changed_file_is_served_and_a_syntax_error_is_survived(project: Path, serve: Starter) -> None:
    """A change starts the server anew; a file that cannot be read is waited over, and nobody hangs meanwhile."""
    add_views(project)
    views = project / "shop" / "views.py"

    with serve(project, "--reload") as server:
        assert server.get("/") == (200, "one")
        _, port = server.address()

        rewrite(views, views.read_text().replace('"one"', '"two"'))
        assert server.address(count=2) == ("127.0.0.1", port)
        assert server.get("/") == (200, "two")

        whole = views.read_text()
        rewrite(views, whole + "def broken(:\n")
        server.wait_for("it starts anew after the next change")
        assert "SyntaxError" in server.output
        with socket.socket() as visitor:
            assert visitor.connect_ex(("127.0.0.1", port)) != 0

        rewrite(views, whole.replace('"two"', '"three"'))
        assert server.address(count=3) == ("127.0.0.1", port)
        assert server.get("/") == (200, "three")
        assert server.stop() == 0


def test_reload_follows_debug(project: Path) -> None:
    """Without an option the server reloads while DEBUG is on, and is a single process while it is off."""
    add_views(project)
    words = [script("openviper"), "viperctl", "runserver", "--port", "0"]

    with Server(words, project) as server:
        assert json.loads(server.get("/process")[1])["parent"] == server.pid
        (project / "shop" / "settings.py").touch()
        server.wait_for(r"shop/settings\.py changed, starting anew")
        server.address(count=2)
    with Server(words, project, OPENVIPER_DEBUG="false") as server:
        assert json.loads(server.get("/process")[1])["pid"] == server.pid


def test_endless_request_does_not_hold_up_the_reload(project: Path, serve: Starter) -> None:
    """A request that never ends is cancelled after a moment, and the shutdown hooks run before the new start."""
    add_hooks(project)
    add_views(project)

    with serve(project, "--reload") as server:
        connection = server.connect()
        connection.request("GET", "/slow")
        server.wait_for("slow: begun")
        (project / "shop" / "views.py").touch()

        server.address(count=2)
        assert server.output.count("diary: shutdown") == 1
        assert server.output.count("diary: startup") == 2
        connection.close()


def test_open_connections_do_not_hold_up_the_reload(project: Path, serve: Starter) -> None:
    """A stream, a websocket and a kept connection of a browser end with the old server."""
    add_stream(project)

    with serve(project, "--reload") as server:
        held = [server.open("/stream/"), server.open_websocket("/stream/"), server.open("/")]
        (project / "shop" / "views.py").touch()

        server.address(count=2)
        assert server.get("/")[0] == 200
        assert "stream: disconnected" in server.output
        assert "Traceback" not in server.output
        assert server.stop() == 0
        for connection in held:
            connection.close()


def test_two_saves_of_one_second_and_one_size_are_both_served(project: Path, serve: Starter) -> None:
    """Python takes bytecode for fresh by time and size; the code that answers is that of the file all the same."""
    add_views(project)
    views = project / "shop" / "views.py"
    text, saved_at = views.read_text(), views.stat().st_mtime

    with serve(project, "--reload", PYTHONDONTWRITEBYTECODE="") as server:
        assert server.get("/") == (200, "one")
        for count, word in enumerate(("two", "six"), 2):
            draft = project / "views.draft"
            draft.write_text(text.replace('"one"', f'"{word}"'))
            os.utime(draft, (saved_at, saved_at))
            draft.replace(views)

            server.address(count=count)
            assert server.get("/") == (200, word)


def test_files_that_do_not_count_start_nothing(project: Path, serve: Starter) -> None:
    """Uploads, databases and caches are written all day without a restart."""
    with serve(project, "--reload") as server:
        server.address()
        (project / "media").mkdir()
        for name in ("media/page.html", "db.sqlite3", "notes.txt"):
            (project / name).write_text("new")
        (project / ".env").touch()

        server.wait_for(r"\.env changed, starting anew")
        server.address(count=2)
        assert server.output.count("starting anew") == 1


def test_nothing_is_left_when_the_parent_is_killed(project: Path, serve: Starter) -> None:
    """A parent that dies without a word takes the serving child along, which still shuts down."""
    add_hooks(project)

    with serve(project, "--reload") as server:
        host, port = server.address()
        server.send_signal(signal.SIGKILL)

        server.wait()
        assert "diary: shutdown" in server.output
    with socket.socket() as visitor:
        assert visitor.connect_ex((host, port)) != 0

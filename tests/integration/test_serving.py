"""A generated project under a real server, asked by a real client."""

import signal
import sys
from pathlib import Path

import pytest

from tests.integration.processes import Server, Starter, script
from tests.integration.sites import add_hooks, add_setting, add_views

WAYS: dict[str, list[str]] = {
    "openviper viperctl": [script("openviper"), "viperctl", "runserver", "--port", "0", "--no-reload"],
    "viperctl.py": [sys.executable, "viperctl.py", "start-server", "--port", "0", "--no-reload"],
    "uvicorn": [script("uvicorn"), "shop.asgi:app", "--port", "0"],
    "openviper run": [script("openviper"), "run", "shop.asgi:app", "--port", "0", "--no-reload"],
}


@pytest.mark.parametrize("way", WAYS)
def test_generated_project_answers_whichever_way_it_is_served(project: Path, way: str) -> None:
    """Both entry points and a plain ASGI server serve a new project, with its own settings (C-020, C-022, W-26)."""
    views = project / "shop" / "views.py"
    views.write_text(
        views.read_text()
        + "\n\nfrom openviper.conf import settings\n\n\n"
        + "async def name(request: Request) -> str:\n    return settings.PROJECT_NAME\n"
    )
    with (project / "shop" / "routes.py").open("a") as routes:
        routes.write('router.get("/name")(views.name)\n')

    with Server(WAYS[way], project) as server:
        status, text = server.get("/")

        assert status == 200
        assert "shop is running" in text
        assert server.get("/name") == (200, "shop")


@pytest.mark.parametrize("way", WAYS)
def test_hooks_run_around_the_requests_in_their_order(project: Path, way: str) -> None:
    """Sync ready, plugin, startup, own handlers, and back again, once each (C-102, C-104, C-402, C-406, A-46)."""
    add_hooks(project)

    with Server(WAYS[way], project) as server:
        assert server.get("/")[0] == 200
        server.stop()

        said = [line for line in server.output.splitlines() if line.startswith(("diary:", "lantern:", "site:"))]
    assert said == [
        "diary: ready",
        "lantern: ready",
        "diary: startup",
        "site: on_startup",
        "site: on_shutdown",
        "diary: shutdown",
    ]


def test_stop_signal_is_a_success(project: Path, serve: Starter) -> None:
    """SIGTERM and SIGINT end a server that has done nothing wrong with 0."""
    for number in (signal.SIGTERM, signal.SIGINT):
        with serve(project) as server:
            server.address()
            server.send_signal(number)

            assert server.wait() == 0
            assert "Traceback" not in server.output


def test_request_in_flight_finishes_before_the_shutdown(project: Path, serve: Starter) -> None:
    """After SIGTERM a request that has begun is answered with 200, then the shutdown hooks run (C-403)."""
    add_hooks(project)
    add_views(project)

    with serve(project) as server:
        connection = server.connect()
        connection.request("GET", "/slow")
        server.wait_for("slow: begun")
        server.send_signal(signal.SIGTERM)
        server.wait_for("Shutting down")
        (project / "release").touch()
        response = connection.getresponse()

        answer = response.status, response.read()
        connection.close()

        assert answer == (200, b"late")
        assert server.wait() == 0
        assert server.output.index("slow: done") < server.output.index("diary: shutdown")


def test_host_without_lifespan_starts_with_the_first_request(project: Path) -> None:
    """Where a server sends no lifespan event, the hooks run once before the first request, with one warning (A-02)."""
    add_hooks(project)

    with Server([*WAYS["uvicorn"], "--lifespan", "off"], project) as server:
        assert [server.get("/")[0], server.get("/")[0]] == [200, 200]

        assert server.output.count("diary: startup") == 1
        assert server.output.count("the server sent no lifespan event") == 1


def test_server_does_not_tell_what_it_is(project: Path, serve: Starter) -> None:
    """No ``Server`` header names the program and its version."""
    with serve(project) as server:
        connection = server.connect()
        connection.request("GET", "/")
        # granian adds its name where there is none, so there a dash stands for it.
        assert connection.getresponse().getheader("server") in (None, "-")
        connection.close()


def test_keep_alive_connection_carries_nothing_into_the_next_request(project: Path) -> None:
    """What a handler puts into the context is gone at the next request of its connection (C-007)."""
    add_views(project)
    # Without the middleware that sets a user for each request, only the application itself can forget one.
    add_setting(project, "MIDDLEWARE: tuple[str, ...]", "()")

    with Server(WAYS["uvicorn"], project) as server:
        connection = server.connect()
        texts = []
        for path in ("/leave", "/look", "/leave", "/look"):
            connection.request("GET", path)
            texts.append(connection.getresponse().read())
        connection.close()

    assert texts[1] == texts[3] == b'{"user":null,"bypass":false}'


def test_pipelined_requests_carry_nothing_into_the_next_one(project: Path) -> None:
    """Requests sent in one piece are answered in order, each with a context of its own (C-007)."""
    add_views(project)
    add_setting(project, "MIDDLEWARE: tuple[str, ...]", "()")
    request = "GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n"

    with Server(WAYS["uvicorn"], project) as server:
        connection = server.connect()
        connection.connect()
        connection.sock.sendall("".join(map(request.format, ["/leave", "/look", "/leave", "/look"])).encode())
        received = b""
        while received.count(b'"bypass"') < 2:
            piece = connection.sock.recv(65536)
            assert piece, received
            received += piece
        connection.close()

    assert received.count(b'{"user":null,"bypass":false}') == 2


def test_forwarded_headers_count_from_trusted_proxies_only(project: Path, serve: Starter) -> None:
    """``X-Forwarded-For`` is believed from an address in TRUSTED_PROXIES and from no other."""
    add_views(project)
    (project / "shop" / "views.py").write_text(
        "from openviper import Request\n\nasync def home(request: Request) -> str:\n    return request.client[0]\n"
    )
    (project / "shop" / "routes.py").write_text(
        "from openviper.routing.router import Router\nfrom shop import views\n"
        "router = Router()\nrouter.get('/')(views.home)\nroute_paths = [('/', router)]\n"
    )
    forwarded = {"X-Forwarded-For": "203.0.113.9"}

    with serve(project) as server:
        assert server.get("/", forwarded) == (200, "127.0.0.1")
    with serve(project, OPENVIPER_TRUSTED_PROXIES="127.0.0.1") as server:
        assert server.get("/", forwarded) == (200, "203.0.113.9")


@pytest.mark.parametrize(
    "call", ["app.run(port=0)", "serve(app, port=0, workers=2)", "serve(app, port=0, reload=True)"]
)
def test_application_of_a_script_is_served_as_it_is(tmp_path: Path, call: str) -> None:
    """A script serves its own object, without a name for it, also with reload and workers."""
    (tmp_path / "lone.py").write_text(
        "import sys\n"
        "from openviper import OpenViper, Request\n"
        "from openviper.server.run import serve\n\n"
        "app = OpenViper()\n\n\n"
        '@app.get("/")\n'
        "async def home(request: Request) -> str:\n"
        '    return "alone"\n\n\n'
        f"sys.exit({call})\n"
    )

    with Server([sys.executable, "lone.py"], tmp_path) as server:
        assert server.get("/") == (200, "alone")
        assert server.stop() == 0

"""Streams and files through real servers: what their clients see, and what is left behind when a client goes."""

import http.client
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from openviper.server.options import SERVERS
from tests.integration import processes
from tests.integration.processes import Server

VIEWS = '''\
"""Views that answer while they work."""

import asyncio
import time
from pathlib import Path

from openviper import Request
from openviper.http.response import FileResponse, StreamingResponse


async def closed() -> None:
    print("closer: ran", flush=True)


async def pulse(request: Request) -> StreamingResponse:
    async def beats():
        try:
            yield b"first beat of the pulse"
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0)
            print("pulse: closed", flush=True)

    response = StreamingResponse(beats)
    response.closers.append(closed)
    return response


async def torrent(request: Request) -> StreamingResponse:
    def drops():
        try:
            while True:
                yield b"x" * 65536
        finally:
            print("torrent: closed", flush=True)

    return StreamingResponse(drops)


async def numbers(request: Request) -> StreamingResponse:
    return StreamingResponse(f"{number} " for number in range(100))


async def early(request: Request) -> StreamingResponse:
    async def pieces():
        raise LookupError("no first piece")
        yield b""

    return StreamingResponse(pieces)


async def late(request: Request) -> StreamingResponse:
    async def pieces():
        yield b"first piece"
        raise LookupError("no second piece")

    return StreamingResponse(pieces)


async def extensions(request: Request) -> list[str]:
    return sorted(request.scope.get("extensions") or ())


async def whole(request: Request) -> FileResponse:
    return FileResponse("large.bin")


async def deleted(request: Request) -> FileResponse:
    path = Path("large.bin")

    async def delete() -> None:
        path.unlink()
        print("closer: deleted", flush=True)

    response = FileResponse(path)
    response.closers.append(delete)
    return response


async def large(request: Request) -> FileResponse:
    response = FileResponse("large.bin")
    response.closers.append(closed)
    return response
'''

ROUTES = '''\
"""Every view under its name."""

from openviper.routing.router import Router

from shop import views

router = Router()
for view in (views.pulse, views.torrent, views.numbers, views.early, views.late, views.extensions):
    router.get(f"/{view.__name__}")(view)
for view in (views.large, views.whole, views.deleted):
    router.get(f"/{view.__name__}")(view)

route_paths = [("/", router)]
'''


class Hypercorn(Server):
    """A server that says in its own words where it listens."""

    def address(self, *, count: int = 1) -> tuple[str, int]:
        found = self.wait_for(r"Running on http://([\d.]+):(\d+)", count=count)[-1]
        return found[1], int(found[2])


def write_views(project: Path) -> None:
    (project / "shop" / "views.py").write_text(VIEWS)
    (project / "shop" / "routes.py").write_text(ROUTES)


@pytest.fixture(params=[*SERVERS, "hypercorn"])
def server(request: pytest.FixtureRequest, project: Path) -> Callable[[], Server]:
    write_views(project)
    (project / "large.bin").write_bytes(os.urandom(1024) * 3000)

    def start() -> Server:
        if request.param == "hypercorn":
            command = [sys.executable, "-m", "hypercorn", "--bind", "127.0.0.1:0", "shop.asgi:app"]
            return Hypercorn(command, project, OPENVIPER_SETTINGS_MODULE="shop.settings")
        return processes.serve(project, "--server", request.param)

    return start


def test_stream_arrives(server: Callable[[], Server]) -> None:
    """Every piece comes, and the end is seen; the connection goes on."""
    with server() as running:
        connection = running.connect()
        for _ in range(2):
            connection.request("GET", "/numbers")
            assert connection.getresponse().read().split() == [b"%d" % number for number in range(100)]
        connection.close()


@pytest.mark.parametrize("path", ["/pulse", "/torrent"])
def test_client_that_leaves_ends_the_stream(server: Callable[[], Server], path: str) -> None:
    """The generator is closed whether it waits or is held up by the connection, and nothing is reported as an error."""
    with server() as running:
        running.open(path).close()
        running.wait_for(f"{path[1:]}: closed")
        if path == "/pulse":
            running.wait_for("closer: ran")
        assert running.get("/numbers")[0] == 200
        assert "Traceback" not in running.output


def test_early_error_is_answered(server: Callable[[], Server]) -> None:
    """A stream that fails before its first piece is a 500 like any other, and logged once."""
    with server() as running:
        assert running.get("/early")[0] == 500
        running.wait_for("no first piece")
        assert running.output.count("LookupError: no first piece") == 1


def test_late_error_breaks_the_connection(server: Callable[[], Server]) -> None:
    """The client sees that the answer is not whole; one line names the request, beside what the server says itself."""
    with server() as running:
        connection = running.connect()
        connection.request("GET", "/late")
        response = connection.getresponse()
        assert response.status == 200
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            response.read()
        connection.close()
        running.wait_for("no second piece")
        assert running.get("/numbers")[0] == 200
        # hypercorn has a handler of its own beside that of the project, for the one record.
        copies = 2 if isinstance(running, Hypercorn) else 1
        assert running.output.count("GET /late raised an error (request ") == 1
        assert running.output.count("LookupError: no second piece") == 1 + copies


def test_client_that_leaves_a_body_unread_behind_ends_the_stream(server: Callable[[], Server]) -> None:
    """Two bytes that nobody asks for do not keep a stream, or the end of the server, waiting."""
    with server() as running:
        connection = running.connect()
        connection.request("GET", "/pulse", body=b"hi")
        answer = connection.getresponse()
        assert answer.read(10) == b"first beat"
        answer.close()
        connection.close()
        running.wait_for("pulse: closed")


def test_file_arrives_whole_and_in_parts(server: Callable[[], Server], project: Path) -> None:
    """The same bytes come from every server, whether it sends the file itself or takes blocks of it."""
    content = (project / "large.bin").read_bytes()
    with server() as running:
        connection = running.connect()
        connection.request("GET", "/whole")
        assert connection.getresponse().read() == content
        connection.request("GET", "/large")
        whole = connection.getresponse()
        assert whole.read() == content
        assert whole.headers["content-length"] == str(len(content))
        connection.request("GET", "/large", headers={"range": "bytes=1000-2000000"})
        part = connection.getresponse()
        assert (part.status, part.read()) == (206, content[1000:2000001])
        connection.request("GET", "/large", headers={"if-none-match": whole.headers["etag"]})
        known = connection.getresponse()
        assert (known.status, known.read()) == (304, b"")
        connection.request("HEAD", "/large")
        head = connection.getresponse()
        assert (head.headers["content-length"], head.read()) == (str(len(content)), b"")
        connection.close()


def test_granian_is_left_to_send_whole_files(project: Path) -> None:
    """It offers to, so the test above has tried that, too."""
    write_views(project)
    with processes.serve(project, "--server", "granian") as running:
        assert "http.response.pathsend" in running.get("/extensions")[1]


def test_file_that_is_deleted_after_sending_arrives(server: Callable[[], Server], project: Path) -> None:
    """No server is left with a path under which nothing lies any more."""
    content = (project / "large.bin").read_bytes()
    with server() as running:
        connection = running.connect()
        connection.request("GET", "/deleted")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, content)
        connection.close()
        running.wait_for("closer: deleted")


def test_client_that_leaves_ends_the_file(server: Callable[[], Server], project: Path) -> None:
    """What is not sent is not read: the closers run, and the server goes on."""
    (project / "large.bin").write_bytes(b"x" * 50_000_000)
    with server() as running:
        running.open("/large").close()
        running.wait_for("closer: ran")
        assert running.get("/numbers")[0] == 200
        assert "Traceback" not in running.output

"""Middleware under real servers, asked over sockets by clients that keep no rule."""

import json
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.processes import PATIENCE, Server, script

SITE = """\
import logging
import sys

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from openviper import OpenViper, Request
from openviper.middleware.body_limit import BodyLimitMiddleware
from openviper.middleware.request_id import RequestIDMiddleware
from openviper.server.run import serve


async def theirs(request):
    return PlainTextResponse(str(len(await request.body())))


layers = [RequestIDMiddleware, (BodyLimitMiddleware, {"max_bytes": 1000})]
app = OpenViper(routes=[], debug=False, middleware=layers)
app.mount("/theirs", Starlette(routes=[Route("/count", theirs, methods=["POST"])]))


@app.post("/count")
async def count(request: Request) -> str:
    return str(len(await request.body()))


@app.post("/unread")
async def unread() -> str:
    return "unread"


@app.get("/torn")
async def torn() -> None:
    logging.getLogger("shop").warning("about to fail")
    raise RuntimeError("torn")


if __name__ == "__main__":
    sys.exit(serve(app, port=0, server=sys.argv[1]))
"""

WAYS = {
    "uvicorn": [script("uvicorn"), "site_app:app", "--port", "0", "--http", "httptools"],
    "uvicorn, h11": [script("uvicorn"), "site_app:app", "--port", "0", "--http", "h11"],
    "ours": [sys.executable, "site_app.py", "uvicorn"],
    "granian": [sys.executable, "site_app.py", "granian"],
}


@pytest.fixture(params=WAYS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """The site under one of the servers."""
    if request.param == "granian":
        pytest.importorskip("granian")
    (tmp_path / "site_app.py").write_text(SITE)
    with Server(WAYS[request.param], tmp_path) as running:
        yield running


def ask(server: Server, *pieces: bytes) -> bytes:
    """Send the pieces of a request and give all that comes back until the server closes the connection."""
    with socket.create_connection(server.address(), PATIENCE) as connection:
        for piece in pieces:
            connection.sendall(piece)
        received = b""
        try:
            while piece := connection.recv(65536):
                received += piece
        except ConnectionResetError:
            pass  # closed while something was still on its way to it; what came first has been read
        return received


def head(path: str, *fields: str, method: str = "POST") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *fields, "", ""]).encode()


def chunk(size: int) -> bytes:
    return b"%x\r\n%b\r\n" % (size, b"x" * size)


@pytest.mark.parametrize("path", ["/count", "/theirs/count"])
def test_chunked_body_is_refused_where_it_passes_the_limit(server: Server, path: str) -> None:
    """The client has sent no end, and is told 413; then the connection is closed."""
    received = ask(server, head(path, "Transfer-Encoding: chunked"), chunk(600), chunk(600))
    assert received.startswith(b"HTTP/1.1 413 ")
    assert b"larger than 1000 bytes" in received
    assert received.count(b"HTTP/1.1") == 1
    assert "Traceback" not in server.output


@pytest.mark.parametrize("path", ["/count", "/unread", "/theirs/count", "/nowhere"])
def test_announced_body_is_refused_before_it_comes(server: Server, path: str) -> None:
    """A client that never sends it, or as slowly as it can, does not keep the connection."""
    received = ask(server, head(path, "Content-Length: 100000"), b"slow")
    assert received.startswith(b"HTTP/1.1 413 ")
    assert "Traceback" not in server.output


def test_body_up_to_the_limit_passes(server: Server) -> None:
    """In pieces or whole; the connection serves the next request."""
    received = ask(
        server,
        head("/count", "Transfer-Encoding: chunked") + chunk(600) + chunk(400) + b"0\r\n\r\n",
        head("/theirs/count", "Content-Length: 1000", "Connection: close") + b"x" * 1000,
    )
    assert received.count(b"HTTP/1.1 200 ") == 2
    assert received.count(b"\r\n\r\n1000") == 2


@pytest.mark.parametrize("name", ["uvicorn", "granian"])
def test_every_line_of_a_request_names_it(name: str, tmp_path: Path) -> None:
    """The access log, the project and the error, each as one JSON object with the id that the client was told."""
    if name == "granian":
        pytest.importorskip("granian")
    (tmp_path / "site_app.py").write_text(SITE.replace("server=sys.argv[1]", "server=sys.argv[1], log_format='json'"))
    with Server([sys.executable, "site_app.py", name], tmp_path) as server:
        received = ask(server, head("/torn", "Connection: close", method="GET"))
        server.wait_for(r"GET /torn HTTP/1\.1")
        lines = [json.loads(line) for line in server.output.splitlines()]
    found = re.search(rb"(?i)x-request-id: ([0-9a-f]{32})\r\n", received)
    assert found is not None
    told = [(line["logger"], line["request_id"]) for line in lines if "request_id" in line]
    assert told == [(name, found[1].decode()) for name in ("shop", "openviper.request", "uvicorn.access")]


def test_error_is_found_in_the_log_by_its_answer(server: Server) -> None:
    """One line with a traceback names the id that the client was told."""
    received = ask(server, head("/torn", "Connection: close", method="GET"))
    found = re.search(rb"(?i)x-request-id: ([0-9a-f]{32})\r\n", received)
    assert received.startswith(b"HTTP/1.1 500 ")
    assert found is not None
    server.wait_for(rf"GET /torn raised an error \(request {found[1].decode()}\)")
    server.wait_for("GET /torn HTTP/1")
    assert server.output.count("RuntimeError: torn") == 1

"""How long it takes from saving a file until the new code answers, with and without an open stream.

``python -m benchmarks.reload [--rounds N]`` prints the medians for each server and ends with 1 when one is above
the bound. These are seconds on the clock, of a single small application: the time to import one's own comes on top.
"""

import argparse
import contextlib
import http.client
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.rounds import medians, table, turns

MOST_SECONDS: Final = 1.0
PATIENCE: Final = 30.0

APP: Final = """
import asyncio
from openviper import OpenViper

app = OpenViper()

@app.get("/")
async def home() -> str:
    return "{word}"

async def stream(scope, receive, send):
    await send({{"type": "http.response.start", "status": 200, "headers": []}})
    while True:
        await send({{"type": "http.response.body", "body": b"x", "more_body": True}})
        await asyncio.sleep(0.01)

app.mount("/stream", stream)
"""

# Name of the side: the server, and whether a stream is open while the file is saved.
SIDES: Final = {
    "uvicorn": ("uvicorn", False),
    "uvicorn, open stream": ("uvicorn", True),
    "granian": ("granian", False),
    "granian, open stream": ("granian", True),
}


@contextlib.contextmanager
def running(server: str) -> Iterator[tuple[Path, int]]:
    """Serve the application with reload; hand out its file and its port."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "site_reloaded.py")
        save(file, "first")
        words = ["run", file.stem, "--server", server, "--port", "0", "--reload", "--no-access-log"]
        with subprocess.Popen(
            [sys.executable, "-m", "openviper", *words], cwd=folder, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            try:
                found = next(filter(None, (re.search(r"serving on .*:(\d+)", line) for line in process.stderr)))
                yield file, int(found[1])
            finally:
                process.send_signal(signal.SIGTERM)


def save(file: Path, word: str) -> None:
    """Let the application answer with a word."""
    draft = file.with_suffix(".draft")
    draft.write_text(APP.format(word=word))
    draft.replace(file)


def ask(port: int) -> str:
    """Ask for the page on a new connection; the empty string while nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    except (ConnectionError, http.client.HTTPException):
        return ""
    finally:
        connection.close()


def restart(file: Path, port: int, word: str, *, is_streaming: bool) -> float:
    """Save the file, and return the seconds until the answer is the new one."""
    with contextlib.ExitStack() as open_connections:
        if is_streaming:
            stream = open_connections.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))
            stream.sendall(b"GET /stream/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
            stream.recv(16)
        began = time.perf_counter()
        save(file, word)
        while ask(port) != word:
            if time.perf_counter() - began > PATIENCE:
                raise TimeoutError(f"{word!r} was not answered within {PATIENCE:g} seconds")
        return time.perf_counter() - began


def main() -> int:
    """Measure, print, and return 1 when a median is above the bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    rounds = parser.parse_args().rounds
    taken: dict[str, list[float]] = {side: [] for side in SIDES}
    with contextlib.ExitStack() as servers:
        sites = {name: servers.enter_context(running(name)) for name in ("uvicorn", "granian")}
        for number, side in enumerate(turns(SIDES, rounds=rounds)):
            name, is_streaming = SIDES[side]
            taken[side].append(restart(*sites[name], f"word {number}", is_streaming=is_streaming))
    seconds = medians(taken)
    print(table(seconds, against="uvicorn", unit=1e-3, unit_name="ms"))
    return int(max(seconds.values()) > MOST_SECONDS)


if __name__ == "__main__":
    sys.exit(main())

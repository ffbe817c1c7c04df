"""The application with everything as a project on the disk, and what can be asked of a process that serves it."""

import re
import shutil
import socket
import sys
import time
from pathlib import Path

from openviper.management.scaffold import create_project
from tests.integration.hostile import everything
from tests.integration.processes import PATIENCE, Server
from tests.integration.sites import add_setting

ASGI = """
import os
from pathlib import Path

os.environ.setdefault("OPENVIPER_SETTINGS_MODULE", "shop.settings")

from shop.everything import make_app

app = make_app(Path(__file__).parent.parent / "files")
"""


def make_site(parent: Path) -> Path:
    """Write the project into a folder."""
    project = create_project("shop", parent)
    for name, value in everything.SETTINGS.items():
        add_setting(project, name, repr(value))
    (project / "files").mkdir()
    (project / "files" / "a.txt").write_text("a text to download\n" * 20)
    (project / "files" / "large.txt").write_text("0123456789" * 30_000)
    shutil.copy(everything.__file__, project / "shop" / "everything.py")
    (project / "shop" / "asgi.py").write_text(ASGI)
    return project


class Site(Server):
    """A server of any kind, with raw connections to it."""

    def address(self, *, count: int = 1) -> tuple[str, int]:
        found = self.wait_for(r"(?:serving|Running) on http://([\d.]+):(\d+)", count=count)[-1]
        return found[1], int(found[2])

    def open_raw(self) -> socket.socket:
        """Open a connection and say nothing."""
        return socket.create_connection(self.address(), timeout=PATIENCE)

    def send_raw(self, *pieces: bytes) -> bytes:
        """Send something, and read until the server closes the connection."""
        with self.open_raw() as connection:
            return exchange(connection, *pieces)

    def is_well(self) -> bool:
        """Tell whether the next visitor is served."""
        return self.get("/int/7")[0] == 200

    def wait_until_free(self, files: int) -> None:
        """Wait until the process has no more files and connections open than it had."""
        end = time.monotonic() + PATIENCE
        while self.open_files() > files:
            assert time.monotonic() < end, f"{self.open_files()} files are open, {files} were"

    def open_files(self) -> int:
        """Give how many files and connections the process has open."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def memory(self) -> int:
        """Give what the process holds of the memory, in kilobytes."""
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        assert found is not None
        return int(found[1])


def exchange(connection: socket.socket, *pieces: bytes) -> bytes:
    """Send something, and read to the end; a server that has had enough may reset the connection."""
    received = b""
    try:
        for piece in pieces:
            connection.sendall(piece)
    except ConnectionError:
        pass
    try:
        while piece := connection.recv(65_536):
            received += piece
    except ConnectionError:
        pass
    return received


def status_of(answer: bytes) -> int | None:
    """Give the status of what a server has answered; None for a connection that was closed without."""
    found = re.match(rb"HTTP/1\.[01] ([0-9]{3})\b", answer)
    return None if found is None else int(found[1])


def serve(project: Path, kind: str) -> Site:
    """Start one of the servers."""
    if kind == "hypercorn":
        words = [sys.executable, "-m", "hypercorn", "--workers", "0", "--bind", "127.0.0.1:0", "shop.asgi:app"]
        return Site(words, project)
    words = [sys.executable, "-m", "openviper", "viperctl", "runserver", "--no-reload", "--port", "0", "--server", kind]
    return Site(words, project)

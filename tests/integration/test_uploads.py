"""Uploads through a whole application: what is opened for a request is closed with it, however it ends."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from openviper import OpenViper
from openviper.http.request import Request
from openviper.http.uploads import UploadFile
from openviper.testing import AppTimeoutError, TestClient, override_settings
from openviper.testing.uploads import encode_form
from openviper.types import Message
from tests.unit.http.deliveries import open_files

LARGE = os.urandom(300_000)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    with override_settings(UPLOAD_MEMORY_SIZE=1000, UPLOAD_TEMP_DIR=str(tmp_path)):
        yield tmp_path


@pytest.fixture
def seen() -> list[UploadFile]:
    return []


@pytest.fixture
def app(seen: list[UploadFile]) -> OpenViper:
    app = OpenViper(routes=[], debug=False)

    @app.post("/keep")
    async def keep(request: Request) -> dict[str, int]:
        files = await request.files()
        seen.extend(files.getlist("file"))
        return {"size": sum([len(await upload.read()) for upload in files.getlist("file")])}

    @app.post("/fail")
    async def fail(request: Request) -> None:
        seen.append((await request.files())["file"])
        raise LookupError("after the upload")

    @app.post("/wait")
    async def wait(request: Request) -> None:
        seen.append((await request.files())["file"])
        await asyncio.Event().wait()

    @app.post("/ignore")
    async def ignore() -> str:
        return "ignored"

    return app


@pytest.mark.parametrize("path", ["/keep", "/fail", "/wait"])
async def test_files_are_gone_after_the_request(
    app: OpenViper, seen: list[UploadFile], folder: Path, path: str
) -> None:
    """A file on the disk is closed after an answer, after an error and after a cancellation (C-309)."""
    before = open_files()
    client = TestClient(app, timeout=0.2 if path == "/wait" else 60)
    try:
        response = await client.post(path, files={"file": [("a", LARGE), ("b", b"small")]})
    except AppTimeoutError:
        assert path == "/wait"
    else:
        assert response.status_code == (200 if path == "/keep" else 500)

    assert seen
    assert all(upload.closed for upload in seen)
    assert open_files() == before
    assert list(folder.iterdir()) == []


async def test_upload_that_nobody_reads_opens_nothing(app: OpenViper, folder: Path) -> None:
    """Without a question for the form there is no file."""
    before = open_files()
    response = await TestClient(app).post("/ignore", files={"file": LARGE})

    assert response.text == "ignored"
    assert open_files() == before
    assert list(folder.iterdir()) == []


async def test_client_that_goes_away_leaves_no_file(app: OpenViper) -> None:
    """An upload that breaks off is closed and dropped, and nobody is answered in vain."""
    before = open_files()
    body, content_type = encode_form([], {"file": LARGE})
    messages: list[Message] = [
        {"type": "http.request", "body": body[:200_000], "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/keep",
        "raw_path": b"/keep",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", content_type.encode())],
    }
    await app(scope, receive, send)

    assert [message.get("status") for message in sent if "status" in message] == [499]
    assert open_files() == before


async def test_upload_over_a_limit_is_answered_and_dropped(app: OpenViper, seen: list[UploadFile]) -> None:
    """The answer names the limit, and nothing of the files stays."""
    before = open_files()
    with override_settings(MAX_FILE_SIZE=250_000):
        response = await TestClient(app).post("/keep", files={"file": [LARGE[:250_000], LARGE]})

    assert response.status_code == 413
    assert response.json() == {"detail": "A file of the form is larger than 250000 bytes."}
    assert seen == []
    assert open_files() == before


async def test_upload_in_pieces_is_read_as_it_comes(app: OpenViper) -> None:
    """A body of unknown length arrives whole."""
    body, content_type = encode_form([], {"file": LARGE})

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 10_000):
            yield body[start : start + 10_000]

    response = await TestClient(app).post("/keep", content=pieces(), headers={"content-type": content_type})
    assert response.json() == {"size": len(LARGE)}

"""Covers that members send, with the form and by a program."""

import pytest
from openviper.testing import TestClient, override_settings

from bookshop.asgi import app
from tests.test_members import ADA

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20
JPEG = b"\xff\xd8\xff\xe0" + b"a photograph" * 20


async def join(browser: TestClient) -> None:
    """Become a member."""
    assert (await browser.post("/join", data=ADA)).status_code == 303


async def test_member_sends_a_cover_with_the_form(client: TestClient) -> None:
    """The picture takes the place of the drawing on the page of the book, and in the list for programs."""
    await join(client)
    drawn = await client.get("/media/covers/3")

    page = await client.post("/books/3/cover", files={"cover": ("../me.png", PNG, "image/png")}, follow_redirects=True)

    assert "<h1>Treasure Island</h1>" in page.text
    sent = await client.get("/media/covers/3", headers={"if-none-match": drawn.headers["etag"]})
    assert (sent.status_code, sent.headers["content-type"], sent.content) == (200, "image/png", PNG)
    found = (await client.get("/api/covers")).json()
    assert [(cover["book_id"], cover["size"], cover["url"]) for cover in found["covers"]] == [
        (3, len(PNG), "/media/covers/3")
    ]


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"cover": ("", b"", "application/octet-stream")},
        {"cover": ("page.png", b"<script>alert(1)</script>", "image/png")},
        {"cover": ("empty.png", b"", "image/png")},
        {"cover": ("me.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")},
    ],
)
async def test_form_without_a_picture_is_shown_again(
    client: TestClient, files: dict[str, tuple[str, bytes, str]]
) -> None:
    """What is no picture is found out by its bytes, whatever its name and type say."""
    await join(client)

    page = await client.post("/books/3/cover", data={"note": "hello"}, files=files)

    assert page.status_code == 422
    assert 'href="#cover"' in page.text
    assert (await client.get("/api/covers")).json()["count"] == 0


async def test_only_members_send_covers(client: TestClient) -> None:
    """People are led to the form for joining, programs are refused before their file is read."""
    files = {"cover": ("me.png", PNG, "image/png")}

    assert (await client.get("/books/3/cover")).headers["location"] == "/join"
    assert (await client.post("/books/3/cover", files=files)).headers["location"] == "/join"
    assert (await client.put("/api/covers/3", files=files)).status_code == 401


async def test_program_sends_replaces_and_drops_a_cover(program: TestClient) -> None:
    """201 for the first picture, 200 for another one in its place, and the drawing is back in the end."""
    await join(program)
    first = await program.put("/api/covers/3", files={"cover": ("me.png", PNG, "image/png")})
    second = await program.put("/api/covers/3", files={"cover": ("me.jpg", JPEG, "image/jpeg")})
    assert (first.status_code, second.status_code) == (201, 200)
    assert (await program.get("/api/covers/3")).content == JPEG

    assert (await program.delete("/api/covers/3")).status_code == 204
    assert (await program.get("/api/covers/3")).headers["content-type"] == "image/svg+xml"


async def test_cover_of_another_member_is_left_alone(program: TestClient) -> None:
    """Who has sent a picture may replace it, and nobody else."""
    await join(program)
    await program.put("/api/covers/3", files={"cover": ("me.png", PNG, "image/png")})
    other = TestClient(app)
    await join(other)

    refused = await other.put("/api/covers/3", files={"cover": ("me.jpg", JPEG, "image/jpeg")})

    assert (refused.status_code, refused.json()) == (403, {"detail": "Another member has sent this cover."})
    assert (await other.delete("/api/covers/3")).status_code == 403
    page = await other.post("/books/3/cover", files={"cover": ("me.jpg", JPEG)}, headers={"accept": "text/html"})
    assert page.status_code == 422
    assert (await program.get("/api/covers/3")).content == PNG


async def test_faults_of_a_request_are_named_together(program: TestClient) -> None:
    """What is missing, and what is no number, is told with the part of the request."""
    await join(program)

    missing = await program.put("/api/covers/3", data={"note": "hello"}, files={})
    wrong = await program.get("/api/covers?page=0&size=1000")

    assert [(fault["in"], fault["field"]) for fault in missing.json()["detail"]] == [("file", "cover")]
    assert [(fault["in"], fault["field"]) for fault in wrong.json()["detail"]] == [("query", "page"), ("query", "size")]


async def test_cover_is_downloaded_in_parts(program: TestClient) -> None:
    """A download is named after the book, and one that broke off goes on where it ended."""
    await join(program)
    await program.put("/api/covers/3", files={"cover": ("me.png", PNG, "image/png")})

    whole = await program.get("/api/covers/3/download")
    rest = await program.get(
        "/api/covers/3/download", headers={"range": "bytes=1000-", "if-range": whole.headers["etag"]}
    )

    assert whole.headers["content-disposition"] == 'attachment; filename="Treasure Island.png"'
    assert whole.content == PNG
    assert rest.status_code in {200, 206}
    part = await program.get("/api/covers/3/download", headers={"range": "bytes=1000-"})
    assert (part.status_code, part.content) == (206, PNG[1000:])


async def test_large_pictures_are_refused(program: TestClient) -> None:
    """A file over the limit is 413, and none is kept."""
    await join(program)

    with override_settings(MAX_FILE_SIZE=1000):
        async with TestClient(app) as small:
            await join(small)
            refused = await small.put("/api/covers/3", files={"cover": ("me.png", PNG, "image/png")})
            assert refused.status_code == 413
            assert (await small.get("/api/covers")).json()["count"] == 0

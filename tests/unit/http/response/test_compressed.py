"""GZipResponse around responses in memory, streams and files."""

import gzip
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from openviper.http.response import FileResponse, GZipResponse, JSONResponse, PlainTextResponse, Response
from openviper.http.response.streaming import StreamingResponse
from openviper.testing import TestClient, TestResponse

TEXT = "all work and no play " * 100


async def get(response: Response, **headers: str) -> TestResponse:
    fields = {"accept-encoding": "gzip", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return await TestClient(response).get("/", headers=fields)


async def test_large_text_is_compressed() -> None:
    """A client that takes gzip gets it, with cookies and status of the response inside."""
    inner = PlainTextResponse(TEXT, 201)
    response = GZipResponse(inner)
    response.set_cookie("seen", "1")
    response.headers["x-more"] = "yes"
    answer = await get(response)
    assert gzip.decompress(answer.content).decode() == TEXT
    assert answer.status_code == 201
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["x-more"] == "yes"
    assert answer.cookies == {"seen": "1"}
    assert int(answer.headers["content-length"]) == len(answer.content) < len(TEXT)


async def test_other_client_gets_the_plain_text() -> None:
    """Without the field, or with one that refuses, nothing is compressed."""
    for accepted in ("", "br", "gzip;q=0"):
        answer = await get(GZipResponse(PlainTextResponse(TEXT)), accept_encoding=accepted)
        assert answer.text == TEXT
        assert "content-encoding" not in answer.headers
        assert answer.headers["vary"] == "Accept-Encoding"


async def test_small_content_is_not_worth_it() -> None:
    """The smallest size can be chosen."""
    assert "content-encoding" not in (await get(GZipResponse(JSONResponse([1])))).headers
    answer = await get(GZipResponse(JSONResponse([1]), minimum_size=1, compresslevel=9))
    assert gzip.decompress(answer.content) == b"[1]"


async def test_stream_is_compressed_and_closed() -> None:
    """Each piece goes out as it is made; the closers of both responses run, those of the inner one first."""
    events: list[str] = []

    async def pieces() -> AsyncIterator[str]:
        try:
            yield "one"
            yield "two"
        finally:
            events.append("generator")

    async def inner() -> None:
        events.append("inner")

    async def outer() -> None:
        events.append("outer")

    stream = StreamingResponse(pieces, media_type="text/plain")
    stream.closers.append(inner)
    response = GZipResponse(stream)
    response.closers.append(outer)
    answer = await get(response)
    assert gzip.decompress(answer.content) == b"onetwo"
    assert events == ["generator", "inner", "outer"]


async def test_file_is_compressed_unless_a_part_is_asked_for(tmp_path: Path) -> None:
    """A whole file is compressed under a weak tag; a range is cut from the plain file."""
    path = tmp_path / "a.txt"
    path.write_text(TEXT)
    whole = await get(GZipResponse(FileResponse(path)))
    assert gzip.decompress(whole.content).decode() == TEXT
    assert whole.headers["etag"].startswith('W/"')
    part = await get(GZipResponse(FileResponse(path)), range="bytes=0-2")
    assert (part.status_code, part.content) == (206, b"all")
    again = await get(GZipResponse(FileResponse(path)), if_none_match=whole.headers["etag"])
    assert again.status_code == 304


async def test_answers_without_the_content_fit_the_compressed_one(tmp_path: Path) -> None:
    """A cache finds the tag that it got with the compressed form, and keeps it from clients that take none."""
    path = tmp_path / "a.txt"
    path.write_text("a" * 1000)
    os.utime(path, (1e9, 1e9))
    first = await get(GZipResponse(FileResponse(path)))
    tag = first.headers["etag"]
    assert tag.startswith("W/")
    for header, value, status in (("if_none_match", tag, 304), ("if_match", '"x"', 412), ("range", "bytes=0-3", 206)):
        answer = await get(GZipResponse(FileResponse(path)), **{header: value})
        assert (answer.status_code, answer.headers["vary"]) == (status, "Accept-Encoding")
        assert status != 304 or answer.headers["etag"] == tag
    plain = await get(GZipResponse(FileResponse(path)), accept_encoding="identity", if_none_match=tag)
    assert (plain.status_code, plain.headers["vary"]) == (304, "Accept-Encoding")


async def test_head_request_gets_no_body() -> None:
    """The fields are those of the compressed answer."""
    answer = await TestClient(GZipResponse(PlainTextResponse(TEXT))).head("/", headers={"accept-encoding": "gzip"})
    assert answer.content == b""
    assert answer.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize(("size", "level"), [(500, 10), (500, -1), (-1, 6)])
def test_numbers_out_of_range_are_refused(size: int, level: int) -> None:
    """The error names the number."""
    with pytest.raises(ValueError, match=str(level if level != 6 else size)):
        GZipResponse(Response(), size, level)

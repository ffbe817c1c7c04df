"""FileResponse: whole files, conditions, ranges, and everything that can go wrong on the way."""

import asyncio
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.exceptions import NotFound
from openviper.http.contents import contents
from openviper.http.response import FileResponse
from openviper.testing import TestClient, TestResponse
from openviper.types import Message, Scope

TEXT = b"0123456789" * 10
AT = 1_000_000_000
DATE = "Sun, 09 Sep 2001 01:46:40 GMT"
TAG = '"de0b6b3a7640000-64"'


@pytest.fixture(autouse=True)
def nothing_is_kept() -> Iterator[None]:
    contents.clear()
    yield
    contents.clear()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path / "a.txt", TEXT)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    return written(tmp_path / "large.bin", os.urandom(3_000_001))


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    os.utime(path, (AT, AT))
    return path


async def get(response: FileResponse, method: str = "GET", **headers: str) -> TestResponse:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return await TestClient(response).request(method, "/", headers=fields)


async def sent_by(response: FileResponse, scope: Scope) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError("nothing comes")

    await response(scope, receive, send)
    return sent


def scope_with(**extensions: object) -> Scope:
    return {"type": "http", "method": "GET", "path": "/", "headers": [], "extensions": extensions}


@pytest.mark.parametrize("round_", [1, 2, 3])
async def test_small_file_is_sent_whole(path: Path, round_: int) -> None:
    """The head tells type, length, tag, date and that ranges are understood; the same from the disk and from memory."""
    answers = [await get(FileResponse(path)) for _ in range(round_)]
    answer = answers[-1]
    assert answer.content == TEXT
    assert dict(answer.headers) == {
        "content-type": "text/plain; charset=utf-8",
        "content-length": "100",
        "accept-ranges": "bytes",
        "etag": TAG,
        "last-modified": DATE,
    }


async def test_large_file_is_sent_in_blocks(large: Path) -> None:
    """What does not fit into one reading arrives whole, too, and no piece of it is large."""
    messages = await sent_by(FileResponse(large), scope_with())
    assert b"".join(message.get("body", b"") for message in messages) == large.read_bytes()
    assert max(len(message.get("body", b"")) for message in messages) <= 512 * 1024
    assert (b"content-length", b"3000001") in messages[0]["headers"]


async def test_empty_file_is_sent(tmp_path: Path) -> None:
    """No bytes are a content as well; no range lies in it."""
    empty = written(tmp_path / "empty", b"")
    answer = await get(FileResponse(empty))
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")
    assert (await get(FileResponse(empty), range="bytes=0-")).status_code == 416


async def test_given_fields_win(path: Path) -> None:
    """What the handler says is not worked out again, and its tag is the one that is compared."""
    headers = {"ETag": '"mine"', "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT", "Cache-Control": "max-age=5"}
    response = FileResponse(path, "text/csv", headers={**headers, "Content-Length": "7"})
    answer = await get(response)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-length"] == "100"
    assert {name: answer.headers[name] for name in headers} == headers
    known = await get(response, if_none_match='"mine"')
    assert known.status_code == 304
    assert known.headers["cache-control"] == "max-age=5"
    assert (await get(response, if_modified_since="Mon, 01 Jan 2024 00:00:00 GMT")).status_code == 304
    assert (await get(response, if_none_match=TAG)).status_code == 200


@pytest.mark.parametrize("kind", ["attachment", "inline"])
async def test_download_has_a_name(path: Path, kind: Any) -> None:
    """A name of any script is written for old and for new clients."""
    response = FileResponse(path, filename="Übersicht.txt", content_disposition_type=kind)
    answer = await get(response)
    expected = f"{kind}; filename=\"_bersicht.txt\"; filename*=UTF-8''%C3%9Cbersicht.txt"
    assert answer.headers["content-disposition"] == expected
    own = FileResponse(path, filename="b", headers={"content-disposition": "inline"})
    assert (await get(own)).headers.getlist("content-disposition") == ["inline"]


def test_other_disposition_is_refused(path: Path) -> None:
    """The error names the words that there are."""
    word: Any = "form-data"
    with pytest.raises(ValueError, match="'attachment' or 'inline', not 'form-data'"):
        FileResponse(path, content_disposition_type=word)


def test_response_says_what_it_is() -> None:
    """The path is what one wants to know in a log."""
    assert repr(FileResponse("a.txt", status_code=404)) == "<FileResponse 404, a.txt>"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_known_file_is_not_sent_again(path: Path, method: str) -> None:
    """304 has the fields that a cache needs, and none about a content."""
    response = FileResponse(path, filename="a.txt")
    for headers in ({"if_none_match": TAG}, {"if_none_match": f"W/{TAG}"}, {"if_modified_since": DATE}):
        answer = await get(response, method, **headers)
        assert (answer.status_code, answer.content) == (304, b"")
        assert dict(answer.headers) == {"accept-ranges": "bytes", "etag": TAG, "last-modified": DATE}
    assert (await get(response, if_none_match='"other"', if_modified_since=DATE)).status_code == 200


async def test_unexpected_state_is_refused(path: Path) -> None:
    """If-Match and If-Unmodified-Since end in 412, before anything else is weighed."""
    for headers in ({"if_match": '"other"'}, {"if_unmodified_since": "Sun, 09 Sep 2001 01:46:39 GMT"}):
        answer = await get(FileResponse(path), range="bytes=0-1", if_none_match=TAG, **headers)
        assert (answer.status_code, answer.content) == (412, b"")
    assert (await get(FileResponse(path), if_match=TAG)).status_code == 200


@pytest.mark.parametrize(
    ("asked", "content", "written_range"),
    [
        ("bytes=0-0", b"0", "bytes 0-0/100"),
        ("bytes=95-", b"56789", "bytes 95-99/100"),
        ("bytes=-3", b"789", "bytes 97-99/100"),
        ("bytes=0-1,1-3", b"0123", "bytes 0-3/100"),
    ],
)
async def test_part_of_a_file_is_sent(path: Path, asked: str, content: bytes, written_range: str) -> None:
    """One range is the body of a 206, with the place where it stands."""
    answer = await get(FileResponse(path), range=asked)
    assert (answer.status_code, answer.content) == (206, content)
    assert answer.headers["content-range"] == written_range
    assert answer.headers["content-length"] == str(len(content))
    assert answer.headers["etag"] == TAG


@pytest.mark.parametrize("name", ["a.txt", "large.bin"])
async def test_several_parts_come_in_one_answer(path: Path, large: Path, name: str) -> None:
    """Each part has its own type and place; the announced length is that of the whole answer (RFC 9110, 14.6)."""
    file = path.with_name(name)
    content, size = file.read_bytes(), file.stat().st_size
    last = size - 5
    answer = await get(FileResponse(file), range=f"bytes={last}-,0-1,10-{last - 10}")
    found = re.fullmatch("multipart/byteranges; boundary=([0-9a-f]{32})", answer.headers["content-type"])
    assert answer.status_code == 206
    assert found is not None
    assert "content-range" not in answer.headers
    assert answer.headers["content-length"] == str(len(answer.content))
    before, *parts, after = answer.content.split(f"\r\n--{found[1]}".encode())
    kind = "text/plain; charset=utf-8" if name == "a.txt" else "application/octet-stream"
    assert (before, after) == (b"", b"--\r\n")
    assert parts == [
        f"\r\nContent-Type: {kind}\r\nContent-Range: bytes {start}-{stop - 1}/{size}\r\n\r\n".encode()
        + content[start:stop]
        for start, stop in ((last, size), (0, 2), (10, last - 9))
    ]


async def test_large_part_is_sent_in_blocks(large: Path) -> None:
    """A part that does not fit into one reading arrives as it stands in the file."""
    answer = await get(FileResponse(large), range="bytes=1000-600000")
    assert answer.content == large.read_bytes()[1000:600001]


async def test_range_behind_the_end_is_refused(path: Path) -> None:
    """416 tells the length that there is."""
    answer = await get(FileResponse(path, filename="a"), range="bytes=100-")
    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["content-range"] == "bytes */100"
    assert "content-disposition" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"range": "bytes=a"},
        {"range": "lines=0-1"},
        {"range": "bytes=" + ",".join(f"{start}-{start}" for start in range(0, 80, 2))},
        {"range": "bytes=0-1", "if_range": '"other"'},
        {"range": "bytes=0-1", "if_range": f"W/{TAG}"},
        {"range": "bytes=0-1", "if_range": "Sun, 09 Sep 2001 01:46:41 GMT"},
        {"range": "bytes=500-", "if_range": '"other"'},
    ],
)
async def test_range_that_does_not_count_gives_the_whole(path: Path, headers: dict[str, str]) -> None:
    """What is malformed, too many, or meant for another state of the file is passed over."""
    answer = await get(FileResponse(path), **headers)
    assert (answer.status_code, answer.content) == (200, TEXT)


async def test_range_of_the_same_state_counts(path: Path) -> None:
    """If-Range holds with the tag and with the date."""
    for held in (TAG, DATE):
        assert (await get(FileResponse(path), range="bytes=0-1", if_range=held)).content == b"01"


async def test_young_file_has_a_weak_tag(tmp_path: Path) -> None:
    """A file that may still be written is not cut by its tag, and not kept."""
    young = tmp_path / "young.txt"
    young.write_bytes(TEXT)
    os.utime(young, (2_000_000_000 * 2, 2_000_000_000 * 2))
    answer = await get(FileResponse(young))
    tag = answer.headers["etag"]
    assert tag.startswith('W/"')
    assert (await get(FileResponse(young), if_none_match=tag)).status_code == 304
    assert (await get(FileResponse(young), range="bytes=0-1", if_range=tag)).status_code == 200
    assert contents.find(str(young), None) is None


@pytest.mark.parametrize("headers", [{}, {"range": "bytes=0-1"}])
async def test_head_request_gets_the_fields_of_the_whole(path: Path, headers: dict[str, str]) -> None:
    """No range counts for HEAD (RFC 9110, 14.2)."""
    answer = await get(FileResponse(path), "HEAD", **headers)
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "100")


async def test_file_with_another_status_is_sent_whole(path: Path) -> None:
    """A page for an error is no state of what was asked for: no conditions, no ranges, no tag."""
    answer = await get(FileResponse(path, status_code=404), range="bytes=0-1", if_none_match="*")
    assert (answer.status_code, answer.content) == (404, TEXT)
    assert "etag" not in answer.headers


@pytest.mark.parametrize("name", ["missing.txt", "../a.txt", "nul\0", "", "x" * 300])
async def test_file_that_is_not_for_the_client_is_not_found(tmp_path: Path, path: Path, name: str) -> None:
    """Missing, outside, impossible and no file at all give the same 404, before anything is sent."""
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(NotFound, match=r"^404: Not found\.$"):
        await get(FileResponse(f"{folder}/{name}", allowed_dir=folder))


async def test_allowed_folder_may_be_a_path_or_text(tmp_path: Path, path: Path) -> None:
    """Both kinds of path name the folder."""
    for folder in (tmp_path, str(tmp_path)):
        assert (await get(FileResponse(path, allowed_dir=folder))).content == TEXT


async def test_kept_file_is_forgotten_when_it_changes(path: Path) -> None:
    """What is in memory is held against the disk before it is sent."""
    assert (await get(FileResponse(path))).content == TEXT
    assert contents.find(str(path), None) is not None
    written(path, b"9876543210" * 10)
    assert (await get(FileResponse(path))).content == b"9876543210" * 10
    path.unlink()
    with pytest.raises(NotFound):
        await get(FileResponse(path))


@pytest.mark.parametrize(("name", "value", "status"), [("range", "bytes=999-", 416), ("if-match", '"x"', 412)])
async def test_refusal_is_not_kept_as_the_file_is(path: Path, name: str, value: str, status: int) -> None:
    """A year in caches is for the content; 304 says it again."""
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Expires": DATE, "Vary": "Accept-Encoding"}
    answer = await get(FileResponse(path, headers=headers), **{name: value})
    assert answer.status_code == status
    assert "cache-control" not in answer.headers
    assert "expires" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"
    known = await get(FileResponse(path, headers=headers), if_none_match=TAG)
    assert known.headers["cache-control"] == headers["Cache-Control"]


async def test_encodings_of_one_file_have_tags_of_their_own(path: Path) -> None:
    """A part of one cannot be joined with a part of the other, even if length and time are the same."""
    tags = []
    for encoding in ("gzip", "zstd", 'x"\u00e9'):
        response = FileResponse(path, headers={"Content-Encoding": encoding})
        tags.append((await get(response)).headers["etag"])
        assert (await get(response, range="bytes=0-1", if_range=tags[-1])).status_code == 206
        assert (await get(response, range="bytes=0-1", if_range=TAG)).status_code == 200
        assert (await get(response, if_none_match=tags[-1])).status_code == 304
    assert tags == [TAG[:-1] + '-gzip"', TAG[:-1] + '-zstd"', TAG[:-1] + '-x"']
    own = FileResponse(path, headers={"Content-Encoding": "gzip", "ETag": '"mine"'})
    assert (await get(own)).headers["etag"] == '"mine"'


async def test_server_that_sends_files_itself_gets_the_path(path: Path, large: Path) -> None:
    """A whole file is left to the server where it offers that; the length is announced."""
    offered: dict[str, object] = {"http.response.pathsend": {}}
    for file in (path, large):
        start, body = await sent_by(FileResponse(file), scope_with(**offered))
        assert body == {"type": "http.response.pathsend", "path": str(file)}
        assert (b"content-length", b"%d" % file.stat().st_size) in start["headers"]
    scope = {**scope_with(**offered), "headers": [(b"range", b"bytes=0-1")]}
    assert (await sent_by(FileResponse(path), scope))[1] == {"type": "http.response.body", "body": b"01"}
    scope = {**scope_with(**offered), "method": "HEAD"}
    assert (await sent_by(FileResponse(path), scope))[1] == {"type": "http.response.body", "body": b""}
    scope = {**scope_with(**offered), "headers": [(b"if-none-match", TAG.encode())]}
    assert (await sent_by(FileResponse(path), scope))[0]["status"] == 304


async def test_server_does_not_get_a_file_that_is_deleted_after_sending(path: Path, large: Path) -> None:
    """A server may open the file when the call has returned, and a closer may have deleted it by then."""

    async def delete() -> None:
        large.unlink()

    response = FileResponse(large)
    response.closers.append(delete)
    offered: dict[str, object] = {"http.response.pathsend": {}, "x.other": {}}
    scope = scope_with(**offered)
    sent = await sent_by(response, scope)
    assert {message["type"] for message in sent} == {"http.response.start", "http.response.body"}
    assert (b"content-length", b"%d" % sum(len(message.get("body", b"")) for message in sent)) in sent[0]["headers"]
    assert not large.exists()
    assert scope["extensions"] == {"x.other": {}}
    assert len(offered) == 2


async def test_file_that_shrinks_breaks_the_connection(large: Path) -> None:
    """The client sees that the answer is not whole; nothing is filled in."""

    async def read_while_it_shrinks() -> None:
        async with TestClient(FileResponse(large)).stream("GET", "/") as response:
            async for _ in response.iter_bytes():
                os.truncate(large, 1000)

    with pytest.raises(OSError, match="became shorter"):
        await read_while_it_shrinks()


@pytest.mark.parametrize("end", ["whole", "disconnect", "cancelled", "not modified"])
async def test_every_descriptor_is_closed(large: Path, end: str) -> None:
    """However an answer ends, the file is closed, and then the closers run."""
    before = set(Path("/proc/self/fd").iterdir())
    closed = asyncio.Event()

    async def close() -> None:
        closed.set()

    response = FileResponse(large)
    response.closers.append(close)
    if end == "whole":
        await get(response)
    elif end == "not modified":
        assert (await get(response, if_none_match="*")).status_code == 304
    elif end == "disconnect":
        async with TestClient(response).stream("GET", "/") as answer:
            await anext(answer.iter_bytes())
    else:
        task = asyncio.ensure_future(get(response))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # The thread may still be opening the file; another visit comes after it.
        await asyncio.get_running_loop().shutdown_default_executor()
    assert closed.is_set()
    assert set(Path("/proc/self/fd").iterdir()) <= before


@given(
    st.text(alphabet="0123456789-, bytes=*", max_size=40),
    st.sampled_from(["", "*", TAG, f"W/{TAG}", DATE, '"x"', "junk"]),
    st.sampled_from(["if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since"]),
)
def test_any_request_gets_an_answer_that_fits_its_head(asked: str, value: str, name: str) -> None:
    """Whatever is asked, the status is one of five and the length is the announced one."""
    own = Path(__file__)
    headers = {"range": f"bytes={asked}".strip(), name: value}
    answer = asyncio.run(TestClient(FileResponse(own)).get("/", headers=headers))
    assert answer.status_code in (200, 206, 304, 412, 416)

"""Forms with files, whole, in pieces, too large and malformed."""

import asyncio
import os
import tracemalloc
from collections.abc import AsyncGenerator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from openviper.exceptions import BadRequest, HTTPException, PayloadTooLarge
from openviper.http.limits import FormLimits
from openviper.http.multipart import read_boundary, read_multipart
from openviper.http.uploads import UploadFile
from tests.unit.http.deliveries import BOUNDARY, cut, form_of, open_files, part

LIMITS = FormLimits()
MIB = 1024 * 1024


async def pieces_of(pieces: list[bytes]) -> AsyncGenerator[bytes, None]:
    for piece in pieces:
        yield piece


async def read(
    body: bytes | list[bytes], *, limits: FormLimits = LIMITS, max_memory: int = MIB
) -> list[tuple[str, str | UploadFile]]:
    pieces = [body] if isinstance(body, bytes) else body
    return await read_multipart(pieces_of(pieces), BOUNDARY, limits=limits, max_memory=max_memory)


async def contents(pairs: list[tuple[str, str | UploadFile]]) -> list[tuple[object, ...]]:
    """What a form holds, as values that can be compared; its files are closed."""
    found: list[tuple[object, ...]] = []
    for name, value in pairs:
        if isinstance(value, str):
            found.append((name, value))
        else:
            found.append((name, value.original_filename, value.content_type, value.size, await value.read()))
            await value.close()
    return found


async def test_fields_and_files_come_in_order() -> None:
    """Fields are text, files keep name, type, size and headers."""
    body = form_of(
        part('name="title"', "Grün".encode()),
        part('name="file"; filename="a.png"', b"\x89PNG", "Content-Type: Image/PNG", "X-Rows: 5"),
        part('name="title"', b""),
    )
    pairs = await read(body)

    upload = pairs[1][1]
    assert isinstance(upload, UploadFile)
    assert upload.headers["x-rows"] == "5"
    assert await contents(pairs) == [("title", "Grün"), ("file", "a.png", "image/png", 4, b"\x89PNG"), ("title", "")]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1000])
async def test_pieces_of_any_size_give_the_same_form(size: int) -> None:
    """Boundaries may be torn anywhere, and data that looks like one is data."""
    tricky = b"\r\n--limi" + BOUNDARY + b"\r\n--lim\r\n\r--limit"
    body = form_of(part('name="a"', b"1"), part('name="f"; filename="x"', tricky), part('name="b"', b"\r\n-"))

    assert await contents(await read(cut(body, size))) == [
        ("a", "1"),
        ("f", "x", "application/octet-stream", len(tricky), tricky),
        ("b", "\r\n-"),
    ]


VALUES = st.binary(max_size=60) | st.lists(
    st.sampled_from([b"\r", b"\n", b"-", b"--", b"limit", b"\r\n--limit", b"\r\n--limi", b"x"]), max_size=8
).map(b"".join)


@given(
    st.lists(st.tuples(st.from_regex(r"[a-z]{1,5}", fullmatch=True), VALUES), max_size=5),
    st.lists(st.integers(min_value=0, max_value=400), max_size=12),
)
def test_any_content_comes_back_whatever_the_pieces(files: list[tuple[str, bytes]], cuts: list[int]) -> None:
    """What was written is what is read, unless it holds the boundary itself."""
    assume(not any(b"\r\n--limit" in b"\r\n" + value for _, value in files))
    body = form_of(*(part(f'name="{name}"; filename="f"', value) for name, value in files))
    edges = sorted({0, len(body), *(cut for cut in cuts if cut < len(body))})
    pieces = [body[start:end] for start, end in pairwise(edges)]
    expected = [(name, "f", "application/octet-stream", len(value), value) for name, value in files]

    assert asyncio.run(_contents_of(pieces)) == expected


async def _contents_of(pieces: list[bytes]) -> list[tuple[object, ...]]:
    return await contents(await read(pieces))


FRAGMENTS = st.sampled_from(
    [
        b"--limit",
        b"\r\n",
        b"--limit\r\n",
        b"--limit--",
        b"--limit--\r\n",
        b"Content-Disposition: form-data; ",
        b'name="a"',
        b"; filename=",
        b'"x"',
        b"Content-Type: text/plain; charset=",
        b"Content-Length: ",
        b"9",
        b": ",
        b"\n",
        b"\r",
        b"\0",
        b"\xff",
        b" ",
        b"%00",
        b'\\"',
        b"multipart/mixed",
    ]
)


@given(st.lists(FRAGMENTS | st.binary(max_size=8), max_size=25), st.integers(min_value=1, max_value=50))
def test_garbage_is_answered_with_a_client_error(fragments: list[bytes], size: int) -> None:
    """Bytes without sense give a form or a 4xx, and nothing else."""
    body = b"".join([b"--limit\r\n", *fragments])
    outcome = asyncio.run(_outcome_of(cut(body, size)))

    if isinstance(outcome, HTTPException):
        assert 400 <= outcome.status_code < 500
        assert isinstance(outcome.detail, str)


async def _outcome_of(pieces: list[bytes]) -> list[tuple[object, ...]] | HTTPException:
    try:
        return await _contents_of(pieces)
    except HTTPException as error:
        return error


@pytest.mark.parametrize(
    ("disposition", "name", "filename"),
    [
        ('name="a"; filename="b;c=d.txt"', "a", "b;c=d.txt"),
        ('name="a%22b"; filename="c%22d"', 'a"b', 'c"d'),
        ('name="a"; filename="c\\"d.txt"', "a", 'c"d.txt'),
        ('filename="x"; name="a"', "a", "x"),
        ("name=a; filename=x.txt", "a", "x.txt"),
        ('name="a"; filename="bücher.txt"', "a", "bücher.txt"),
        ('name="a"; filename="C:\\fakepath\\x.txt"', "a", "x.txt"),
        ('name="filename*"; filename="x"', "filename*", "x"),
        ("name=a; filename=x.txt; filename*=utf-8''y.txt", "a", "x.txt"),
        ('name="a"; filename*=utf-8\'\'y.txt; filename="x.txt"', "a", "x.txt"),
    ],
)
async def test_names_are_read_as_browsers_write_them(disposition: str, name: str, filename: str) -> None:
    """Quotes, their escapes and text beyond ASCII come back."""
    [(found, value)] = await read(form_of(part(disposition, b"1")))

    assert isinstance(value, UploadFile)
    assert (found, value.original_filename) == (name, filename)


async def test_headers_of_a_part_are_text() -> None:
    """They are UTF-8, as the names in them are."""
    [(_, value)] = await read(form_of(part('name="a"; filename="bücher.txt"', b"1", "X-Note: ñ")))

    assert isinstance(value, UploadFile)
    assert value.headers["Content-Disposition"] == 'form-data; name="a"; filename="bücher.txt"'
    assert dict(value.headers.items())["x-note"] == value.headers.getlist("x-note")[0] == "ñ"


async def test_head_that_is_not_utf8_is_refused_in_words() -> None:
    """The detail is a sentence, without what Python says of it."""
    with pytest.raises(BadRequest) as caught:
        await read(form_of(b'--limit\r\nContent-Disposition: form-data; name="a"; filename="\xfc"\r\n\r\n1\r\n'))

    assert caught.value.detail == "The multipart body is malformed: Segment header failed to decode."


async def test_file_input_without_a_choice_gives_nothing() -> None:
    """A browser sends an empty name and no content for it; content without a name is a file called upload."""
    empty = part('name="a"; filename=""', b"", "Content-Type: application/octet-stream")
    nameless = part('name="b"; filename=""', b"1")
    [(name, value)] = await read(form_of(empty, nameless))

    assert name == "b"
    assert isinstance(value, UploadFile)
    assert value.filename == "upload"


@pytest.mark.parametrize(
    ("content_type", "known"),
    [
        ("text/csv; charset=utf-8", "text/csv"),
        ("<script>", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
async def test_type_of_a_file_is_a_type(content_type: str, known: str) -> None:
    """Parameters are left to the headers, and what is no media type counts as none."""
    [(_, value)] = await read(form_of(part('name="a"; filename="x"', b"", f"Content-Type: {content_type}")))

    assert isinstance(value, UploadFile)
    assert value.content_type == known
    assert value.headers["content-type"] == content_type


async def test_text_may_be_latin_1() -> None:
    """A field says its charset; without it text is UTF-8."""
    latin = part('name="a"', b"\xfc", "Content-Type: text/plain; charset=ISO-8859-1")
    plain = part('name="b"', b"\xc3\xbc", 'Content-Type: text/plain; charset="UTF-8"')
    assert await read(form_of(latin, plain)) == [("a", "ü"), ("b", "ü")]


async def test_form_without_parts_is_empty() -> None:
    """The last boundary alone is a form, and what follows it is passed over."""
    assert await read(form_of()) == []
    assert await read([form_of(), b"epilogue", b"x" * 1000]) == []
    assert await read(b"\r\n" + form_of()) == []


DATA = part('name="a"', b"1")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "end"),
        (b"--limit", "end"),
        (DATA, "end"),
        (form_of(DATA)[:-6], "end"),
        (form_of(DATA)[:-4], "end"),
        (b"preamble\r\n" + form_of(DATA), "does not begin with its boundary"),
        (b"x" * 100_000, "does not begin with its boundary"),
        (b"--other\r\n" + form_of(DATA), "does not begin with its boundary"),
        (b"--limitless\r\n\r\n", "malformed"),
        (b"--limit\n\n--limit--", "malformed"),
        (b"--limit\r\n\r\n1\r\n--limit--", "malformed"),
        (form_of(b"--limit\r\nno colon\r\n\r\n1\r\n"), "malformed"),
        (form_of(b"--limit\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n"), "malformed"),
        (form_of(b"--limit\r\n\xff: 1\r\n\r\n1\r\n"), "malformed"),
        (form_of(part('name="a"', b"1", "Content-Length: 5")), "malformed"),
        (form_of(part("", b"1")), "no name"),
        (form_of(part('name=""', b"1")), "no name"),
        (form_of(part('name="a\0"', b"1")), "control character"),
        (form_of(part('name="a"', b"1", "X-A: a\x07")), "control character"),
        (form_of(part('name="a"', b"\xff")), "'a' is not UTF-8"),
        (form_of(part('name="a"', b"\xed\xa0\x80")), "'a' is not UTF-8"),
        (form_of(part('name="a"', b"\0")), "NUL"),
        (form_of(part('name="a"', b"1", "Content-Type: text/plain; charset=utf-7")), "charset"),
        (form_of(part('name="a"', b"1", "Content-Type: multipart/mixed; boundary=b")), "multipart itself"),
        (form_of(part('name="a"', b"MQ==", "Content-Transfer-Encoding: base64")), "Content-Transfer-Encoding"),
        (form_of(part('name="a"', b"1", 'Content-Disposition: form-data; name="b"')), "two headers"),
        (form_of(part("name=\"a\"; filename*=UTF-8''x", b"1")), "filename"),
        (form_of(part('name="a"; name*=UTF-8\'\'b; filename="x"', b"1")), "filename"),
        (form_of(part("name=\"a\"; filename=\"x\"; filename*=UTF-8''x; filename*=UTF-8''y", b"1")), "twice"),
        (form_of(part('name="a"; name="b"', b"1")), "twice"),
    ],
)
async def test_malformed_body_is_refused(body: bytes, says: str) -> None:
    """Each fault is a 400 that names it, in one piece and byte by byte."""
    for pieces in ([body], cut(body, 1)):
        with pytest.raises(BadRequest, match=says):
            await read(pieces)


async def test_encodings_that_change_nothing_are_passed_over() -> None:
    """A part that says binary is read as it is."""
    assert await read(form_of(part('name="a"', b"1", "Content-Transfer-Encoding: Binary"))) == [("a", "1")]


SMALL = FormLimits(
    max_fields=3, max_field_bytes=100, max_files=2, max_file_bytes=200, max_header_bytes=300, max_file_memory=150
)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ([part('name="a"', b"1")] * 4, "more than 3 fields"),
        ([part('name="a"; filename="x"', b"1")] * 3, "more than 2 files"),
        ([part('name="a"', b"1" * 101)], "A field of the form is larger than 100 bytes"),
        ([part('name="a"; filename="x"', b"1" * 201)], "A file of the form is larger than 200 bytes"),
        ([part('name="a"', b"1", "X-A: " + "a" * 290)], "head of a part is larger than 300 bytes"),
        ([part('name="a"', b"1", "X-A: " + "a" * 300)], "head of a part is larger than 300 bytes or has more than 8"),
        (
            [part('name="a"', b"1", *[f"X-{number}: 1" for number in range(8)])],
            "head of a part is larger than 300 bytes or has more than 8",
        ),
        ([part('name="a"', b"1" * 100)] * 2, "fields of the form are together larger than 220 bytes"),
    ],
)
async def test_limit_is_named(parts: list[bytes], says: str) -> None:
    """What passes a limit is a 413 that tells which."""
    for size in (1, 50, 10_000):
        with pytest.raises(PayloadTooLarge, match=says):
            await read(cut(form_of(*parts), size), limits=SMALL, max_memory=220)


async def test_limits_are_inclusive() -> None:
    """What is exactly as large as a limit is accepted."""
    body = form_of(part('name="a"', b"1" * 100), *[part('name="f"; filename="x"', b"1" * 200)] * 2)
    assert len(await contents(await read(body, limits=SMALL, max_memory=1000))) == 3


async def test_head_without_an_end_is_not_collected() -> None:
    """A header line that never ends is refused as soon as it is too long."""
    with pytest.raises(PayloadTooLarge, match="head of a part is larger than 300 bytes or has more than 8"):
        await read([b"--limit\r\nContent-Disposition: ", *[b"x" * 100] * 5, b"\r\n" * 10_000], limits=SMALL)


async def test_ten_thousand_parts_are_refused_early() -> None:
    """A flood of parts ends at the limit on their number."""
    with pytest.raises(PayloadTooLarge, match="more than 1000 fields"):
        await read(cut(form_of(*[part('name="a"', b"")] * 10_000), 64 * 1024))


async def test_large_file_goes_to_the_disk(tmp_path: Path) -> None:
    """Past its share of memory a file has no bytes there, and no name on the disk."""
    content = os.urandom(3 * MIB)
    limits = replace(LIMITS, folder=str(tmp_path))
    pairs = await read(cut(form_of(part('name="a"; filename="x"', content)), 64 * 1024), limits=limits)

    assert isinstance(pairs[0][1], UploadFile)
    assert pairs[0][1].file.fileno() > 0
    assert list(tmp_path.iterdir()) == []
    assert (await contents(pairs))[0][4] == content


async def test_many_small_files_share_the_memory() -> None:
    """Files that find no room beside the others go to the disk, however small."""
    body = form_of(*[part('name="a"; filename="x"', b"1" * 400)] * 4)
    pairs = await read(body, max_memory=1200)

    on_disk = [hasattr(value, "file") and value.file.__class__.__name__ != "BytesIO" for _, value in pairs]
    assert on_disk == [False, False, True, True]
    assert [found[4] for found in await contents(pairs)] == [b"1" * 400] * 4


async def test_files_are_closed_when_the_form_fails(tmp_path: Path) -> None:
    """An error after a file leaves nothing open, in memory or on the disk."""
    limits = replace(LIMITS, max_file_memory=0, folder=str(tmp_path))
    before = open_files()
    with pytest.raises(BadRequest):
        await read([part('name="a"; filename="x"', b"1" * 1000), b"--limitless\r\n"], limits=limits)

    assert open_files() == before


async def test_body_is_closed_when_the_form_fails() -> None:
    """Nothing of a body is left to the collector of garbage, which would close it in a task of its own."""
    is_closed = False

    async def body() -> AsyncGenerator[bytes, None]:
        nonlocal is_closed
        try:
            yield b"no form at all"
        finally:
            is_closed = True

    pieces = body()
    with pytest.raises(BadRequest):
        await read_multipart(pieces, BOUNDARY, limits=LIMITS, max_memory=MIB)
    assert is_closed


async def test_cancelled_reading_closes_its_files(tmp_path: Path) -> None:
    """Who stops waiting for a form leaves no file open either, not even one that is being written."""

    async def stalled() -> AsyncGenerator[bytes, None]:
        yield part('name="a"; filename="x"', b"1" * 100_000)[:-2]
        begun.set()
        await asyncio.Event().wait()

    begun = asyncio.Event()
    before = open_files()
    limits = replace(LIMITS, max_file_memory=0, folder=str(tmp_path))
    task = asyncio.create_task(read_multipart(stalled(), BOUNDARY, limits=limits, max_memory=MIB))
    await begun.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert open_files() == before


@pytest.mark.slow
async def test_memory_stays_flat_over_a_large_upload(tmp_path: Path) -> None:
    """200 MB pass through a few megabytes."""
    piece = b"\r\n" * 32 * 1024

    async def upload() -> AsyncGenerator[bytes, None]:
        yield part('name="a"; filename="x"', b"")[:-2]
        for _ in range(200 * MIB // len(piece)):
            yield piece
        yield b"\r\n--limit--\r\n"

    limits = replace(LIMITS, max_file_bytes=256 * MIB, max_upload_bytes=256 * MIB, folder=str(tmp_path))
    tracemalloc.start()
    try:
        [(_, value)] = await read_multipart(upload(), BOUNDARY, limits=limits, max_memory=MIB)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert isinstance(value, UploadFile)
    assert value.size == 200 * MIB
    assert peak < 4 * MIB
    await value.close()


@pytest.mark.parametrize("boundary", ["limit", "----WebKitFormBoundary7MA4", "a" * 70, "a b", "'()+_,-./:=?"])
def test_boundary_is_taken(boundary: str) -> None:
    """Whatever RFC 2046 allows is a boundary."""
    assert read_boundary({"boundary": boundary}) == boundary.encode()


@pytest.mark.parametrize("boundary", [None, "", "a" * 71, "a ", "a\n", "a\0", "ü", "a;b", '"'])
def test_boundary_that_cannot_be_one_is_refused(boundary: str | None) -> None:
    """Everything else is a 400."""
    with pytest.raises(BadRequest, match="boundary"):
        read_boundary({} if boundary is None else {"boundary": boundary})

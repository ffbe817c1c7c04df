"""Uploaded files and their names."""

import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.http.headers import Headers
from openviper.http.uploads import UploadFile, sanitize_filename

CONTENT = bytes(range(256)) * 2000


@pytest.fixture(params=["memory", "disk"])
def file(request: pytest.FixtureRequest) -> Iterator[BinaryIO]:
    with BytesIO() if request.param == "memory" else tempfile.TemporaryFile() as file:
        file.write(CONTENT)
        file.seek(0)
        yield file


async def test_upload_says_what_came(file: BinaryIO) -> None:
    """Name, type, size and headers of the part are at hand without reading."""
    upload = UploadFile("../a.txt", "text/plain", file, headers=Headers([(b"content-type", b"text/plain")]))

    assert (upload.filename, upload.original_filename) == ("a.txt", "../a.txt")
    assert (upload.content_type, upload.size) == ("text/plain", len(CONTENT))
    assert upload.headers["Content-Type"] == "text/plain"
    assert repr(upload) == f"<UploadFile 'a.txt' text/plain {len(CONTENT)} bytes>"
    assert UploadFile("a", "", file, size=1).content_type == "application/octet-stream"
    assert len(UploadFile("a", "", file).headers) == 0


async def test_reading_goes_on_where_it_ended(file: BinaryIO) -> None:
    """Reads follow each other, a seek starts anew, and the end gives nothing."""
    upload = UploadFile("a", "", file)

    assert await upload.read(10) == CONTENT[:10]
    assert await upload.read() == CONTENT[10:]
    assert await upload.read() == b""
    await upload.seek(5)
    assert await upload.read(5) == CONTENT[5:10]
    with pytest.raises(ValueError, match="negative"):
        await upload.seek(-1)


async def test_pieces_are_the_whole_content(file: BinaryIO) -> None:
    """Iteration begins at the beginning, whatever was read before."""
    upload = UploadFile("a", "", file)
    await upload.read(10)
    pieces = [piece async for piece in upload]

    assert b"".join(pieces) == CONTENT
    assert len(pieces) == 2
    assert [piece async for piece in upload] == pieces


async def test_closed_upload_cannot_be_read(file: BinaryIO) -> None:
    """After the close, which may be repeated, every use is an error."""
    upload = UploadFile("a", "", file)
    await upload.close()
    await upload.close()

    assert upload.closed
    with pytest.raises(ValueError, match="closed"):
        await upload.read()


async def test_saving_writes_a_new_file(file: BinaryIO, tmp_path: Path) -> None:
    """The whole content lands in the file, and one that is there already is left alone."""
    upload = UploadFile("a.bin", "", file)
    await upload.read(10)
    await upload.save(tmp_path / upload.filename)

    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    with pytest.raises(FileExistsError):
        await upload.save(str(tmp_path / "a.bin"))
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


async def test_saving_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """A file that could not be written to its end is removed."""

    class Broken(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise OSError("the disk is gone")
            return super().read(size)

    with pytest.raises(OSError, match="gone"):
        await UploadFile("a", "", Broken(CONTENT * 2)).save(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("sent", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("Über uns (2).txt", "Über uns (2).txt"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\Users\\ada\\photo.png", "photo.png"),
        ("C:evil.exe", "C_evil.exe"),
        ("a.php::$DATA", "a.php__$DATA"),
        ("", "upload"),
        (".", "upload"),
        ("..", "upload"),
        (" ... ", "upload"),
        ("folder/", "upload"),
        (".htaccess", "upload"),
        ("a\0.txt", "a.txt"),
        ("a\r\nb\t.txt", "a  b .txt"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("a\ud800.txt", "a.txt"),
        ("trailing. . ", "trailing"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("com1.log", "_com1.log"),
        ("console.log", "console.log"),
    ],
)
def test_name_becomes_that_of_a_file(sent: str, safe: str) -> None:
    """What would lead elsewhere, hide, or show another name than it is, is taken out."""
    assert sanitize_filename(sent) == safe


@pytest.mark.parametrize(
    ("sent", "safe"),
    [
        ("a" * 400 + ".jpeg", "a" * 250 + ".jpeg"),
        ("é" * 200 + ".png", "é" * 125 + ".png"),
        ("a" * 400, "a" * 255),
        ("a." + "x" * 400, "a." + "x" * 253),
        ("a." + "." * 300 + "b", "a.b"),
    ],
)
def test_long_name_keeps_its_extension(sent: str, safe: str) -> None:
    """A name is cut between characters to 255 bytes, before the extension where that is one."""
    assert sanitize_filename(sent) == safe


@given(st.text(max_size=400) | st.text(alphabet="./\\: \0a\u202e", max_size=20))
def test_any_name_becomes_a_safe_one(sent: str) -> None:
    """Whatever is sent, the result is a name that every system takes, and sanitizing it changes nothing."""
    safe = sanitize_filename(sent)

    assert 1 <= len(safe.encode()) <= 255
    assert not set(safe) & set("/\\:\0")
    assert safe[0] != "."
    assert safe[-1] not in ". "
    assert safe.isprintable()
    assert sanitize_filename(safe) == safe

"""Covers as files: those that members have sent, and a drawn one for every other book."""

import asyncio
import datetime as dt
import secrets
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

from openviper import Conflict, Depends, NotFound
from openviper.http.uploads import UploadFile

from bookshop.errors import InvalidFields
from bookshop.paging import Page, page_of
from catalogue.models import Book
from media import repository
from media.drawing import draw_cover
from media.models import Cover

#: Anybody can join and send pictures, and the disk has an end.
MOST_COVERS = 100


@dataclass(frozen=True, slots=True)
class SentCover:
    """A picture that a member has sent.

    Args:
        book_id: The book.
        file: Name of the file in the folder.
        size: In bytes.
        sent_at: The instant.
        visitor: The key of the browser that sent it, which alone may replace it.
    """

    book_id: int
    file: str
    size: int
    sent_at: dt.datetime
    visitor: str


class CoverFolder:
    """The files of a folder that belongs to the shop alone.

    Args:
        folder: Where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sent: dict[int, SentCover] = {}

    async def find_file(self, book: Book) -> Path:
        """Give the file with the cover of a book; one that nobody sent is drawn when it is first asked for.

        Raises:
            NotFound: There is neither a picture nor a design (404).
        """
        sent = self._sent.get(book.id)
        if sent is not None:
            return self._folder / sent.file
        design = await repository.get_cover(book.id)
        if design is None:
            raise NotFound(f"There is no cover of book number {book.id}.")
        return await asyncio.to_thread(self._draw, book, design)

    def get_sent(self, book_id: int) -> SentCover | None:
        """Give what is known of the picture that a member has sent; None when nobody has."""
        return self._sent.get(book_id)

    def list_sent(self, *, page: int, size: int) -> Page[SentCover]:
        """Give one page of the pictures that members have sent, by book.

        Raises:
            NotFound: There is no such page (404).
        """
        return page_of(sorted(self._sent.values(), key=lambda sent: sent.book_id), number=page, size=size)

    async def save(self, book: Book, upload: UploadFile, *, visitor: str) -> SentCover:
        """Keep a picture as the cover of a book, in place of an earlier one.

        Raises:
            InvalidFields: It is no picture that browsers show (422).
            Conflict: The folder is full (409).
        """
        ending = find_ending(await upload.read(12))
        if book.id not in self._sent and len(self._sent) >= MOST_COVERS:
            raise Conflict(f"{MOST_COVERS} covers are here already, and no more fit.")
        # Nothing of the name comes from outside, and a picture that is being sent right now is not written over.
        sent = SentCover(
            book.id, f"{book.id}-{secrets.token_hex(8)}{ending}", upload.size, dt.datetime.now(dt.UTC), visitor
        )
        await upload.save(self._folder / sent.file)
        earlier = self._sent.get(book.id)
        self._sent[book.id] = sent
        await self._drop(earlier)
        return sent

    async def delete(self, book_id: int) -> None:
        """Drop the picture that a member has sent, if there is one; the drawn cover takes its place."""
        await self._drop(self._sent.pop(book_id, None))

    async def _drop(self, sent: SentCover | None) -> None:
        if sent is not None:
            await asyncio.to_thread((self._folder / sent.file).unlink, missing_ok=True)

    def _draw(self, book: Book, design: Cover) -> Path:
        path = self._folder / f"{book.id}.svg"
        if not path.exists():
            # Two requests may draw at once; each file is whole when it gets its name.
            unfinished = self._folder / f"{secrets.token_hex(8)}.new"
            unfinished.write_text(draw_cover(design, book.title, book.author.name))
            unfinished.replace(path)
        return path


async def open_covers() -> AsyncIterator[CoverFolder]:
    """Open an empty folder, which is gone with the server as everything is that visitors leave."""
    with tempfile.TemporaryDirectory(prefix="bookshop-covers-") as folder:
        yield CoverFolder(Path(folder))


#: An argument of a view: the one folder of the running shop.
Covers: TypeAlias = Annotated[CoverFolder, Depends(open_covers, scope="app")]


def find_ending(start: bytes) -> str:
    """Tell a picture by its first twelve bytes, since its name and type are only what the client says.

    Returns:
        The ending for its file, which tells browsers the type.

    Raises:
        InvalidFields: It is none that browsers show (422).
    """
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return ".png"
    if start.startswith(b"\xff\xd8\xff"):
        return ".jpg"
    if start.startswith(b"RIFF") and start[8:] == b"WEBP":
        return ".webp"
    raise InvalidFields({"cover": "is no picture: send PNG, JPEG or WebP"})

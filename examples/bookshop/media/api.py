"""The covers for programs: everybody may look, members may send."""

import datetime as dt
from typing import Any

from msgspec import Struct
from openviper import FileResponse, Request
from openviper.http.permissions import BasePermission, IsAuthenticatedOrReadOnly
from openviper.http.uploads import UploadFile
from openviper.http.views import View, action

from bookshop.fields import PageNumber, PageSize
from catalogue.lookup import find_book
from media.covers import Covers, SentCover
from members.current import MemberBackend
from members.visitor import Visitor


class CoverRecord(Struct):
    """A picture that a member has sent, as programs see it."""

    book_id: int
    size: int
    sent_at: dt.datetime
    url: str


class HasSent(BasePermission):
    """Whoever has sent the cover; a book without one is everybody's."""

    message = "Another member has sent this cover."

    def has_object_permission(self, request: Request, view: object, obj: Any) -> bool:
        """Compare with the member who asks."""
        return obj is None or obj.visitor == getattr(request.user, "visitor", "")


class CoverView(View):
    """``/covers`` and what is below it."""

    authentication_classes = (MemberBackend,)
    permission_classes = (IsAuthenticatedOrReadOnly, HasSent)

    async def get(
        self, request: Request, covers: Covers, page: PageNumber = 1, size: PageSize = 20
    ) -> dict[str, object]:
        """List one page of the pictures that members have sent."""
        found = covers.list_sent(page=page, size=size)
        records = [_describe(request, sent) for sent in found.rows]
        return {"count": found.count, "page": found.number, "pages": found.last, "covers": records}

    @action(detail=True, url_path="")
    async def read(self, request: Request, book_id: int, covers: Covers) -> FileResponse:
        """Send the cover of a book to be shown, whole or in parts."""
        return FileResponse(await covers.find_file(await find_book(book_id)))

    @action(detail=True)
    async def download(self, request: Request, book_id: int, covers: Covers) -> FileResponse:
        """Send the cover of a book to be saved, under the title of the book."""
        book = await find_book(book_id)
        path = await covers.find_file(book)
        return FileResponse(path, filename=f"{book.title}{path.suffix}")

    async def put(
        self, request: Request, book_id: int, cover: UploadFile, covers: Covers, visitor: Visitor
    ) -> tuple[CoverRecord, int]:
        """Keep a picture as the cover of a book: 201 for the first one, 200 for one in its place."""
        book = await find_book(book_id)
        earlier = covers.get_sent(book.id)
        await self.check_object_permissions(request, earlier)
        sent = await covers.save(book, cover, visitor=visitor or "")
        return _describe(request, sent), 201 if earlier is None else 200

    async def delete(self, request: Request, book_id: int, covers: Covers) -> None:
        """Drop a picture; the drawn cover takes its place."""
        await self.check_object_permissions(request, covers.get_sent(book_id))
        await covers.delete(book_id)


def _describe(request: Request, sent: SentCover) -> CoverRecord:
    return CoverRecord(sent.book_id, sent.size, sent.sent_at, request.url_for("cover", book_id=sent.book_id))

"""The queries of the members."""

from collections.abc import Collection

from openviper.db import Count
from openviper.db.exceptions import IntegrityError

from catalogue.models import Book
from members.models import Member


async def find_member(visitor: str | None) -> Member | None:
    """Give the member who joined with a browser, with the shelf that they like; None when nobody did."""
    if visitor is None:
        return None
    return await Member.objects.select_related("favourite").get_or_none(visitor=visitor)


async def add_member(*, name: str, email: str, city: str, favourite: str, visitor: str) -> None:
    """Let somebody join, once for each browser however often its button is pressed; ``favourite`` may be empty."""
    known = {"name": name, "email": email, "city": city, "favourite_id": favourite or None}
    await Member.objects.get_or_create(known, visitor=visitor)


async def list_wishes(member: Member) -> list[Book]:
    """Give the books on the list of a member with their authors, by title."""
    return await member.wishes.select_related("author").order_by("filed_under", "id")


async def add_wish(member: Member, book_id: int) -> bool:
    """Put a book on the list of a member, once however often it is asked for.

    Returns:
        Whether there is such a book.
    """
    try:
        await member.wishes.add(book_id)
    except IntegrityError:
        return False
    return True


async def drop_wish(member: Member, book_id: int) -> None:
    """Take a book off the list of a member; one that is not on it is no matter."""
    await member.wishes.remove(book_id)


async def list_most_wished(*, without: Collection[Book], most: int) -> list[Book]:
    """Give the books that stand on most lists with their authors, each with its ``readers``, except for some."""
    wished = Book.objects.filter(wished_by__isnull=False).exclude(pk__in=[book.pk for book in without])
    return await wished.annotate(readers=Count("wished_by")).select_related("author").order_by("-readers", "id")[:most]


async def count_members() -> int:
    """Tell how many there are."""
    return await Member.objects.count()

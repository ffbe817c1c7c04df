"""The queries of the members."""

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


async def count_members() -> int:
    """Tell how many there are."""
    return await Member.objects.count()

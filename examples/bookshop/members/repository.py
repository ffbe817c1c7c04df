"""The members in memory, behind functions; coroutines, as those of a database are."""

import datetime as dt
from collections.abc import Iterable

from members.models import Member

_members: dict[int, Member] = {}


async def fill(members: Iterable[Member]) -> None:
    """Put these rows in place of those that are there."""
    await clear()
    _members.update((member.id, member) for member in members)


async def clear() -> None:
    """Forget every row."""
    _members.clear()


async def count_rows() -> dict[str, int]:
    """Give the number of rows by model."""
    return {"members": len(_members)}


async def find_member(visitor: str | None) -> Member | None:
    """Give the member who joined with a browser; None when nobody did."""
    if visitor is None:
        return None
    return next((member for member in _members.values() if member.visitor == visitor), None)


async def add_member(*, name: str, email: str, city: str, favourite: str, today: dt.date, visitor: str) -> Member:
    """Let somebody join."""
    member = Member(max(_members, default=0) + 1, name, email, city, favourite, today, visitor)
    _members[member.id] = member
    return member

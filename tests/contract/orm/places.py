"""Where statements go, as tests of several databases see it."""

from collections.abc import Awaitable, Callable

from openviper.db.monitor import watch_queries
from tests.contract.orm.models import Author

__all__ = ["Configure", "aliases", "fill"]

#: States databases, with routers and other entries.
Configure = Callable[..., None]


async def aliases(*work: Callable[[], Awaitable[object]]) -> list[str]:
    """Give the databases that statements go to, each once in a row."""
    with watch_queries() as log:
        for one in work:
            await one()
    found: list[str] = []
    for record in log.records:
        if found[-1:] != [record.alias]:
            found.append(record.alias)
    return found


async def fill(*others: str) -> Author:
    """Store an author in the main database, and the same row in others."""
    ann = await Author.objects.using("default").create(name="Ann", age=1)
    for alias in others:
        _ = await Author.objects.using(f"into_{alias}").create(id=ann.id, name="Ann", age=1)
    return ann

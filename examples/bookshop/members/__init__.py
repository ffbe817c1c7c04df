"""Who comes to the shop: members, and a count of visits.

The package is a plugin as well: its async ``ready()`` makes what ``members.middleware`` uses.
"""

from members.visits import counter

requires = ("catalogue",)


async def ready() -> None:
    """Begin at one; called each time the server starts, before the first request."""
    counter.restart()

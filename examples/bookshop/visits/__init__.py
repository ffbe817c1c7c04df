"""Counts visits: a plugin with an async ``ready()`` and a middleware that uses what it made."""

from visits.counter import counter


async def ready() -> None:
    """Begin at one; called each time the server starts, before the first request."""
    counter.restart()

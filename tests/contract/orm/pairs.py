"""Pairs of many-to-many fields, stored without the managers that tests of queries are not about."""

from typing import Any

__all__ = ["pair"]


async def pair(through: Any, *pairs: tuple[Any, Any]) -> None:
    """Store rows of a model of pairs, which refer to one side by its first key and to the other by its second."""
    one, other = through._meta.relations
    await through.objects.bulk_create([through(**{one.name: a, other.name: b}) for a, b in pairs])

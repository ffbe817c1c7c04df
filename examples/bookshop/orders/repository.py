"""The orders in memory, behind functions; coroutines, as those of a database are."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from orders.models import Order, OrderLine

_orders: dict[int, Order] = {}
_lines: dict[int, list[OrderLine]] = {}


async def fill(orders: Iterable[Order], lines: Iterable[OrderLine]) -> None:
    """Put these rows in place of those that are there."""
    await clear()
    _orders.update((order.id, order) for order in orders)
    for line in lines:
        _lines.setdefault(line.order_id, []).append(line)


async def clear() -> None:
    """Forget every row."""
    _orders.clear()
    _lines.clear()


async def count_rows() -> dict[str, int]:
    """Give the number of rows by model."""
    return {"orders": len(_orders), "lines": sum(map(len, _lines.values()))}


async def add_order(order: Order, lines: Iterable[OrderLine]) -> Order:
    """Keep an order and its lines, with the next number in place of those that they came with."""
    kept = replace(order, id=max(_orders, default=0) + 1)
    _orders[kept.id] = kept
    _lines[kept.id] = [replace(line, order_id=kept.id) for line in lines]
    return kept


async def get_order(order_id: int, *, visitor: str | None) -> Order | None:
    """Give an order to the browser that sent it; None to any other, as if there were none."""
    order = _orders.get(order_id)
    return order if order is not None and visitor is not None and order.visitor == visitor else None


async def list_orders(*, visitor: str | None) -> list[Order]:
    """Give the orders that a browser has sent, the last one first."""
    if visitor is None:
        return []
    return sorted((order for order in _orders.values() if order.visitor == visitor), key=lambda order: -order.id)


async def list_lines(order_id: int) -> list[OrderLine]:
    """Give the lines of an order."""
    return list(_lines.get(order_id, ()))


async def list_most_bought(*, most: int) -> list[int]:
    """Give the numbers of the books of which most copies were bought, the first one first."""
    copies: Counter[int] = Counter()
    for lines in _lines.values():
        for line in lines:
            copies[line.book_id] += line.count
    return sorted(copies, key=lambda book_id: (-copies[book_id], book_id))[:most]

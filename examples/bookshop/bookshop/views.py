"""Pages that belong to no app."""

from openviper import HTMLResponse, Request, render

import catalogue.repository
import orders.repository
from bookshop.stock import count_rows
from catalogue.repository import BookSearch


async def show_home(request: Request) -> HTMLResponse:
    """Show the shop window: shelves, what others buy, and what is new."""
    context = {
        "genres": await catalogue.repository.list_shelves(),
        "newest": await BookSearch(sort="newest").rows().limit(6),
        "most_bought": await orders.repository.list_most_bought(most=6),
    }
    return await render(request, "home.html", context)


async def show_about(request: Request) -> HTMLResponse:
    """Tell what the shop is made of."""
    return await render(request, "about.html", {"counts": await count_rows()})


async def report_health(request: Request) -> dict[str, object]:
    """Tell a load balancer that the shop is open, and what it holds."""
    return {"status": "open", "rows": await count_rows()}

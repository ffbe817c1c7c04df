"""Pages that belong to no app."""

import asyncio
from pathlib import Path

from openviper import HTMLResponse, Request, Response, render

import catalogue.repository
import media.repository
import members.repository
import orders.repository
from catalogue.repository import BookSearch

STYLESHEET = Path(__file__).parent / "static" / "shop.css"


async def show_home(request: Request) -> HTMLResponse:
    """Show the shop window: shelves, what others buy, and what is new."""
    newest = (await catalogue.repository.find_books(BookSearch(sort="newest"), page=1, size=6)).rows
    wanted = await orders.repository.list_most_bought(most=6)
    most_bought = list((await catalogue.repository.get_books(wanted)).values())
    context = {
        "genres": await catalogue.repository.count_by_genre(),
        "newest": newest,
        "most_bought": most_bought,
        "authors": await catalogue.repository.map_authors([*newest, *most_bought]),
    }
    return await render(request, "home.html", context)


async def show_about(request: Request) -> HTMLResponse:
    """Tell what the shop is made of."""
    return await render(request, "about.html", {"counts": await _count_rows()})


async def report_health(request: Request) -> dict[str, object]:
    """Tell a load balancer that the shop is open, and what it holds."""
    return {"status": "open", "rows": await _count_rows()}


async def send_stylesheet(request: Request) -> Response:
    """Send the one stylesheet."""
    css = await asyncio.to_thread(STYLESHEET.read_bytes)
    return Response(css, headers={"cache-control": "max-age=60"}, media_type="text/css")


async def _count_rows() -> dict[str, int]:
    apps = (catalogue, members, orders, media)
    return {model: count for app in apps for model, count in (await app.repository.count_rows()).items()}

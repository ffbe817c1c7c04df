"""Pages that belong to no app."""

from openviper import HTMLResponse, JSONResponse, Request
from openviper.exceptions import NotFound
from openviper.http.response import Response

from catalogue import books, pages


async def show_health(request: Request) -> dict[str, object]:
    """Tell a load balancer that the shop is open, and how many books it has."""
    return {"status": "open", "books": len(books.all_books())}


async def show_not_found(request: Request, error: NotFound) -> Response:
    """Answer people with a page of the shop, and programs with JSON."""
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(pages.not_found_page(str(error.detail)), status_code=404)
    return JSONResponse({"detail": error.detail}, status_code=404)

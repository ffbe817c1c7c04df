"""What is answered when something cannot be: a page for people, JSON for programs."""

from http import HTTPStatus

from openviper import HTTPException, JSONResponse, Request, Response, render

_TITLES = {
    400: "That did not arrive in one piece",
    403: "Not from there",
    404: "Not on our shelves",
    413: "Too much to carry",
    422: "Something in there is not right",
}


async def answer_error(request: Request, error: HTTPException) -> Response:
    """Answer any error with a status of its own."""
    if not wants_page(request):
        return JSONResponse({"detail": error.detail}, error.status_code, error.headers)
    context = {
        "status": error.status_code,
        "title": _TITLES.get(error.status_code) or HTTPStatus(error.status_code).phrase,
        "reasons": _reasons(error.detail),
    }
    return await render(request, "error.html", context, error.status_code, error.headers)


def wants_page(request: Request) -> bool:
    """Tell a person's browser from a program."""
    return not request.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


def _reasons(detail: object) -> list[str]:
    if not isinstance(detail, list):
        return [str(detail)]
    return [f"{fault['field']}: {fault['message']}" if isinstance(fault, dict) else str(fault) for fault in detail]

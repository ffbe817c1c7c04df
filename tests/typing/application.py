"""What a type checker tells the author of an application; mypy reads this file, nothing runs it.

A line with ``type: ignore`` is one that must be refused: mypy reports an ignore that is not needed.
"""

from typing import Any, assert_type

from openviper import HTMLResponse, JSONResponse, OpenViper, Request, Response, Router
from openviper.conf import settings
from openviper.core.context import User, current_user, ignore_permissions_ctx
from openviper.testing import SyncTestClient, TestClient

app = OpenViper()
router = Router()


@router.get("/books/{book_id}")
async def show_book(book_id: int, page: int = 1) -> dict[str, int]:
    """A decorated handler keeps its signature."""
    return {"book": book_id, "page": page}


@app.post("/books")
def create_book(request: Request) -> tuple[dict[str, str], int]:
    """A plain function is a handler as well, on an application as on a router."""
    return {"path": request.path}, 201


@app.on_startup
async def connect() -> None:
    """Hooks keep their type."""


@app.exception_handler(KeyError)
async def missing(request: Request, error: KeyError) -> Response:
    """The second argument is the class that the handler is for."""
    assert_type(error, KeyError)
    return JSONResponse({"missing": str(error)}, 404)


@app.exception_handler(KeyError)  # type: ignore[arg-type]  # the handler is for another class
async def wrong_class(request: Request, error: OSError) -> Response:
    """A handler for another class is refused."""
    return HTMLResponse("never")


async def use() -> None:
    """Calls keep the types of the functions."""
    assert_type(await show_book(1, page=2), dict[str, int])
    await show_book("one")  # type: ignore[arg-type]  # book_id is a whole number
    await connect()
    assert_type(current_user.get(), User | None)
    assert_type(ignore_permissions_ctx.get(), bool)
    assert_type(router.url_for("show_book", book_id=1), str)


def read_settings() -> None:
    """Settings have the types of their fields."""
    assert_type(settings.DEBUG, bool)
    assert_type(settings.INSTALLED_APPS, tuple[str, ...])
    assert_type(settings.LIFECYCLE_HOOK_TIMEOUT, float | None)


async def read_request(request: Request) -> None:
    """Parts of a request are typed; decoded JSON is what the handler says it is."""
    assert_type(request.headers.get("x"), str | None)
    assert_type(request.headers.get("x", ""), str)
    assert_type(request.query_params.getlist("tag"), list[str])
    assert_type(await request.body(), bytes)
    assert_type(await request.json(), Any)


async def test() -> None:
    """Both clients give responses whose JSON can be indexed."""
    async with TestClient(app) as client:
        answer = await client.get("/")
        assert_type(answer.status_code, int)
        assert_type(answer.json(), Any)
    with SyncTestClient(app) as sync_client:
        assert_type(sync_client.get("/").text, str)

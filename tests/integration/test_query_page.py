"""The queries of a request on the page of its error."""

from collections.abc import AsyncIterator

import pytest

from openviper import OpenViper
from openviper.core.queries import QUERIES
from openviper.db.connections import configure_db, get_database, reset_engine
from openviper.testing import TestClient
from openviper.types import Receive, Scope, Send

BROWSER = {"accept": "text/html"}


class Passing:
    """A middleware of a project, so that the stack has a middle."""

    def __init__(self, app: OpenViper) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on."""
        await self.app(scope, receive, send)


@pytest.fixture(autouse=True)
async def database() -> AsyncIterator[None]:
    """A database in memory."""
    configure_db("sqlite://")
    yield
    await reset_engine()


def application(*, debug: bool, middleware: list[type] | None = None) -> OpenViper:
    app = OpenViper(debug=debug, middleware=middleware or [])

    @app.get("/fails")
    async def fails() -> None:
        await get_database().fetch("SELECT ?, ?", ("hidden value", 7))
        raise KeyError

    return app


@pytest.mark.parametrize("middleware", [[], [Passing]], ids=["fused", "stack"])
async def test_page_shows_the_queries_of_its_request(middleware: list[type]) -> None:
    """Text, kinds of values, and the line of the project that sent it; no value, nor another request's (C-011t)."""
    async with TestClient(application(debug=True, middleware=middleware)) as client:
        for _ in range(2):
            page = (await client.get("/fails", headers=BROWSER)).text
            assert "Queries <small>1 in" in page
            assert "<code>SELECT ?, ?</code><br>str(12), int" in page
            assert "test_query_page.py:" in page


async def test_nothing_is_noted_outside_of_debug() -> None:
    """A site that is deployed neither notes nor shows queries."""
    seen: list[Scope] = []

    class Looking(Passing):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(scope)
            await super().__call__(scope, receive, send)

    async with TestClient(application(debug=False, middleware=[Looking])) as client:
        answer = await client.get("/fails", headers=BROWSER)
    assert answer.status_code == 500
    assert "SELECT" not in answer.text
    assert all(QUERIES not in scope for scope in seen)

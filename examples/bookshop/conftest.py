"""What holds for every test, whether ``viperctl.py test`` or pytest itself runs it."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

os.environ.setdefault("OPENVIPER_ENV", "testing")
os.environ.setdefault("OPENVIPER_SETTINGS_MODULE", "bookshop.settings")

from openviper.testing import TestClient

from bookshop.asgi import app
from bookshop.stock import open_shop


@pytest.fixture(scope="session")
def db_rows() -> Callable[[], Awaitable[None]]:
    """What the database of every test holds: the rows that an empty shop opens with, made once."""
    return open_shop


@pytest.fixture
async def client(db: None) -> AsyncIterator[TestClient]:
    """A person's browser in front of the running shop."""
    async with TestClient(app, headers={"accept": "text/html"}) as client:
        yield client


@pytest.fixture
async def program(db: None) -> AsyncIterator[TestClient]:
    """A program that asks the running shop."""
    async with TestClient(app) as client:
        yield client

"""What holds for every test, whether ``viperctl.py test`` or pytest itself runs it."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

os.environ.setdefault("OPENVIPER_ENV", "testing")
os.environ.setdefault("OPENVIPER_SETTINGS_MODULE", "bookshop.settings")
# Rows that somebody has seeded by hand are theirs; tests take those that a start makes.
os.environ["OPENVIPER_STOCK_FILE"] = str(Path(__file__).with_name("no-stock.json"))

from openviper.testing import TestClient

from bookshop.asgi import app


@pytest.fixture
async def client() -> AsyncIterator[TestClient]:
    """A person's browser in front of the running shop."""
    async with TestClient(app, headers={"accept": "text/html"}) as client:
        yield client


@pytest.fixture
async def program() -> AsyncIterator[TestClient]:
    """A program that asks the running shop."""
    async with TestClient(app) as client:
        yield client

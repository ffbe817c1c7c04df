"""Rows made from a seed, the start that stores them, and the command that replaces them."""

import json
from collections import Counter

import pytest
from openviper.db import Model
from openviper.testing import CommandRunner, TestClient

from bookshop.asgi import app
from bookshop.stock import LEAST_ROWS, MODELS, Stock, count_rows, make_stock, open_shop
from catalogue.models import Book
from members.models import Member
from orders.models import Order


def values_of(stock: Stock) -> list[list[dict[str, object]]]:
    """Give what the rows hold."""
    return [[record.to_dict() for record in records] for records in stock.values()]


@pytest.mark.parametrize("rows", [LEAST_ROWS, 201, 1234, 5000, 20_000])
def test_rows_are_as_many_as_asked(rows: int) -> None:
    """All models together, each with some."""
    counts = [len(records) for records in make_stock(rows, seed=7).values()]

    assert sum(counts) == rows
    assert min(counts) > 0


def test_same_seed_makes_the_same_rows() -> None:
    """And another seed makes others."""
    assert values_of(make_stock(600, 3)) == values_of(make_stock(600, 3))
    assert values_of(make_stock(600, 3)) != values_of(make_stock(600, 4))


@pytest.mark.parametrize("rows", [-1, 0, LEAST_ROWS - 1, 10**9])
def test_senseless_number_of_rows_is_refused(rows: int) -> None:
    """Too few leave a model without rows, too many fill the disk."""
    with pytest.raises(ValueError, match="opens with 200 to 200000 rows"):
        make_stock(rows, 1)


async def test_opening_fills_the_tables_once(db: None) -> None:
    """Every model has its rows, and an order that came since is there after another start."""
    opened = await count_rows()
    assert sum(opened.values()) == 5000
    await Order.objects.all().delete()

    await open_shop()

    assert await count_rows() == {**opened, "orders": 0, "lines": 0}


async def test_rows_fit_together(db: None) -> None:
    """Every book has a cover, every order a line, and nobody of before a browser."""
    titles = Counter(await Book.objects.values_list("title", flat=True))
    emails = await Member.objects.values_list("email", flat=True)

    assert await Book.objects.filter(cover=None).count() == 0
    assert await Order.objects.filter(lines=None).count() == 0
    assert await Member.objects.exclude(visitor=None).count() == 0
    assert titles["Treasure Island"] == 1
    assert all(email.isascii() for email in emails)


async def test_start_takes_the_rows_of_the_command(db: None, cli_runner: CommandRunner) -> None:
    """``seed`` replaces the rows, also under a shop that is open, and a start leaves them as they are."""
    async with TestClient(app) as client:
        result = await cli_runner.acall("seed", rows=400, seed=9, json=True)
        during = (await client.get("/api/health")).json()["rows"]
        assert (await client.get("/api/books/3")).json()["title"] == "Treasure Island"
    async with TestClient(app) as client:
        after = (await client.get("/api/health")).json()["rows"]

    told = json.loads(result.out)
    assert told["rows"] == 400
    assert told["models"] == during == after


async def test_command_refuses_senseless_numbers(db: None, cli_runner: CommandRunner) -> None:
    """It says what fits, and leaves the rows alone."""
    result = await cli_runner.acall("seed", rows=1)

    assert result.exit_code == 1
    assert "200 to 200000 rows" in result.err
    assert sum((await count_rows()).values()) == 5000


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
async def test_rows_are_stored_as_they_are_made(db: None, model: type[Model]) -> None:
    """What a database holds is what a seed makes: the first row of each model tells."""
    made = next(records[0] for name, records in make_stock(5000, 1).items() if MODELS[name] is model)
    stored = await model.objects.order_by("pk").first()

    assert stored is not None
    # What the database and the models themselves fill in is not made yet.
    known = {name: value for name, value in made.to_dict().items() if value is not None and name != "filed_under"}
    assert {name: stored.to_dict()[name] for name in known} == known

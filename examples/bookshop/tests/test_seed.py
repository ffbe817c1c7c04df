"""Rows made from a seed, and the command that writes them."""

import json
from pathlib import Path

import pytest
from openviper.testing import CommandRunner, TestClient, override_settings

from bookshop.asgi import app
from bookshop.stock import LEAST_ROWS, make_stock, read_stock, write_stock


@pytest.mark.parametrize("rows", [LEAST_ROWS, 201, 1234, 5000, 20_000])
def test_rows_are_as_many_as_asked(rows: int) -> None:
    """All models together, each with some."""
    counts = make_stock(rows, seed=7).counts()

    assert sum(counts.values()) == rows
    assert min(counts.values()) > 0


def test_same_seed_makes_the_same_rows() -> None:
    """And another seed makes others."""
    assert make_stock(600, 3) == make_stock(600, 3)
    assert make_stock(600, 3) != make_stock(600, 4)


@pytest.mark.parametrize("rows", [-1, 0, LEAST_ROWS - 1, 10**9])
def test_senseless_number_of_rows_is_refused(rows: int) -> None:
    """Too few leave a model without rows, too many fill the memory."""
    with pytest.raises(ValueError, match="opens with 200 to 200000 rows"):
        make_stock(rows, 1)


def test_rows_fit_together() -> None:
    """What one row says of another is there, and numbers stand once."""
    stock = make_stock(2000, 11)
    authors, books = {author.id for author in stock.authors}, {book.id for book in stock.books}
    genres, orders = {genre.slug for genre in stock.genres}, {order.id for order in stock.orders}

    assert (len(authors), len(books), len(orders)) == (len(stock.authors), len(stock.books), len(stock.orders))
    assert {book.author_id for book in stock.books} <= authors
    assert {book.genre for book in stock.books} | {member.favourite for member in stock.members} == genres
    assert {cover.book_id for cover in stock.covers} == books
    assert {extract.book_id for extract in stock.extracts} <= books
    assert {line.order_id for line in stock.lines} == orders
    assert {line.book_id for line in stock.lines} <= books
    assert {order.member_id for order in stock.orders} <= {member.id for member in stock.members}
    assert len({(line.order_id, line.book_id) for line in stock.lines}) == len(stock.lines)
    assert all(member.email.isascii() and member.visitor is None for member in stock.members)


def test_rows_survive_the_file(tmp_path: Path) -> None:
    """What is read is what was written."""
    stock = make_stock(300, 5)
    write_stock(stock, tmp_path / "data" / "stock.json")

    assert read_stock(tmp_path / "data" / "stock.json") == stock
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["stock.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"genres": 7}'])
def test_damaged_file_is_named(tmp_path: Path, content: str) -> None:
    """The error says which file, and how to write it anew."""
    path = tmp_path / "stock.json"
    path.write_text(content)

    with pytest.raises(ValueError, match=r"stock\.json: .*viperctl\.py seed"):
        read_stock(path)


async def test_start_takes_the_rows_of_the_command(tmp_path: Path, cli_runner: CommandRunner) -> None:
    """``seed`` writes the file, and the next start reads it in place of making rows."""
    path = tmp_path / "stock.json"
    with override_settings(STOCK_FILE=str(path)):
        result = await cli_runner.acall("seed", rows=400, seed=9, json=True)
        async with TestClient(app) as client:
            rows = (await client.get("/api/health")).json()["rows"]

    told = json.loads(result.out)
    assert told["file"] == str(path)
    assert told["rows"] == 400
    assert told["models"] == rows


def test_command_refuses_senseless_numbers(tmp_path: Path, cli_runner: CommandRunner) -> None:
    """It says what fits, and leaves no file."""
    with override_settings(STOCK_FILE=str(tmp_path / "stock.json")):
        result = cli_runner("seed", rows=1)

    assert (result.exit_code, list(tmp_path.iterdir())) == (1, [])
    assert "200 to 200000 rows" in result.err

"""What the shop asks of its database: little, whatever it holds, and nothing that two buyers could both get."""

import asyncio

import pytest
from openviper.db import F
from openviper.db.exceptions import IntegrityError
from openviper.testing import TestClient, max_queries

from bookshop.asgi import app
from catalogue.models import Book
from catalogue.repository import BookSearch, get_books, iter_books, take_copies
from orders.models import Order, OrderLine
from tests.test_api import ORDER

pytestmark = pytest.mark.usefixtures("db")


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/", 3),  # shelves with counts, new books, books most bought
        ("/books?q=the+lamp&genre=novel", 3),  # how many, a page of them, the shelves
        ("/books/3", 2),  # the book with author and shelf, others of the shelf
        ("/authors", 2),
        ("/authors/1", 3),
        ("/genres/novel", 3),
        ("/media", 2),
        ("/orders", 0),  # nobody of this name has ordered
    ],
)
async def test_pages_ask_little(client: TestClient, path: str, most: int) -> None:
    """However many rows a page shows, the number of its queries stays the same."""
    async with max_queries(most):
        assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize(
    ("path", "most"),
    [("/api/books?size=100", 2), ("/api/books/3", 1), ("/api/authors?size=100", 2), ("/api/books.csv?genre=novel", 1)],
)
async def test_api_asks_little(program: TestClient, path: str, most: int) -> None:
    """Books come with their authors, and an export is one walk through the rows."""
    async with max_queries(most):
        assert (await program.get(path)).status_code == 200


async def test_orders_come_with_lines_and_books(program: TestClient) -> None:
    """Three queries for one order, and three for three of them."""
    for _ in range(3):
        assert (await program.post("/api/orders", json=ORDER)).status_code == 201

    async with max_queries(3):
        assert (await program.get("/api/orders")).json()["count"] == 3
    async with max_queries(3):
        assert (await program.get("/orders", headers={"accept": "text/html"})).status_code == 200


async def test_books_of_a_cart_come_in_its_order() -> None:
    """One query gets them all, and numbers of nothing are left out."""
    async with max_queries(1):
        found = await get_books([7, 3, 99_999, 5])

    assert list(found) == [7, 3, 5]
    assert found[3].author.name == "Robert Louis Stevenson"


async def test_walk_gives_every_book_of_a_search() -> None:
    """An export holds some of the rows at a time, in the order of the list."""
    walked = [book.id async for book in iter_books(BookSearch(sort="dearest"))]

    assert walked == await Book.objects.order_by("-price", "id").values_list("id", flat=True)


async def test_copies_are_taken_only_where_they_are() -> None:
    """More than there are is refused as a whole; who forgets to look is stopped by the table itself."""
    await Book.objects.filter(id=3).update(copies=2)

    assert not await take_copies(3, 3)
    assert await take_copies(3, 2)
    assert not await take_copies(3, 1)
    assert (await Book.objects.get(id=3)).copies == 0
    with pytest.raises(IntegrityError):
        await Book.objects.filter(id=3).update(copies=F("copies") - 1)


async def test_last_copy_goes_to_one_of_many_buyers() -> None:
    """They all see it in their carts and buy at the same moment; one gets it, and the others are told."""
    await Book.objects.filter(id=3).update(copies=1)
    wanted = {**ORDER, "lines": [{"book_id": 3, "count": 1}]}

    async with TestClient(app) as buyers:
        answers = await asyncio.gather(*(buyers.post("/api/orders", json=wanted) for _ in range(10)))

    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 9
    assert {answer.json()["detail"][0]["message"] for answer in answers if answer.status_code == 422} == {
        "Treasure Island: sold out"
    }
    assert (await Book.objects.get(id=3)).copies == 0
    assert await OrderLine.objects.filter(book=3, order__visitor__isnull=False).count() == 1


async def test_order_of_which_one_book_is_gone_changes_nothing(program: TestClient) -> None:
    """Copies that were taken before the missing one was found are back on the shelf."""
    await Book.objects.filter(id=3).update(copies=1)
    before = await Book.objects.get(id=1)

    assert (await program.post("/api/orders", json=ORDER)).status_code == 422

    assert (await Book.objects.get(id=1)).copies == before.copies
    assert not await Order.objects.filter(visitor__isnull=False).exists()


async def test_crossed_carts_do_not_block_each_other() -> None:
    """Two books in either order, many times at once: every order is taken, and every copy counted."""
    await Book.objects.filter(id__in=[1, 3]).update(copies=F("copies") + 100)
    before = {book.id: book.copies for book in await Book.objects.filter(id__in=[1, 3])}
    lines = [{"book_id": 3, "count": 1}, {"book_id": 1, "count": 1}]

    async with TestClient(app) as buyers:
        answers = await asyncio.gather(
            *(buyers.post("/api/orders", json={**ORDER, "lines": lines[:: (-1) ** turn]}) for turn in range(20))
        )

    assert {answer.status_code for answer in answers} == {201}
    after = {book.id: book.copies for book in await Book.objects.filter(id__in=[1, 3])}
    assert after == {number: copies - 20 for number, copies in before.items()}


@pytest.mark.parametrize("number", [0, 10**12, 10**30])
async def test_number_of_no_book_is_not_found(program: TestClient, number: int) -> None:
    """Numbers that no table can hold are numbers of nothing."""
    for path in ("books", "authors", "orders"):
        assert (await program.get(f"/api/{path}/{number}")).status_code == 404

"""Finding books."""

import re

import pytest
from openviper import NotFound
from openviper.testing import TestClient

from bookshop.paging import Page, page_of


def titles(page: str) -> list[str]:
    """The titles of the cards on a page."""
    return re.findall(r'<span class="name">(.*?)</span>', page)


async def test_books_come_in_pages(client: TestClient) -> None:
    """Two dozen at a time; the next page goes on where the last one ended."""
    first = titles((await client.get("/books")).text)
    second = titles((await client.get("/books?page=2")).text)

    assert (len(first), len(second)) == (24, 24)
    assert set(first).isdisjoint(second)


async def test_articles_do_not_count_in_the_order_of_titles(client: TestClient) -> None:
    """``The Moonstone`` stands under M, as in a library."""
    found = titles((await client.get("/books?q=mo")).text)

    assert found == sorted(found, key=lambda title: re.sub(r"^(The|An?) ", "", title).casefold())


@pytest.mark.parametrize(
    ("sort", "field", "rising"),
    [("newest", "year", False), ("oldest", "year", True), ("cheapest", "price", True), ("dearest", "price", False)],
)
async def test_books_are_sorted_as_asked(program: TestClient, sort: str, field: str, rising: bool) -> None:
    """Each order sorts by what it is called after."""
    books = (await program.get(f"/api/books?sort={sort}&size=100")).json()["books"]
    values = [book[field] for book in books]

    assert values == sorted(values, reverse=not rising)


async def test_every_word_of_a_search_must_be_found(program: TestClient) -> None:
    """Words are looked for in title, author and blurb, in any case and order."""
    found = (await program.get("/api/books", params={"q": "WHALE melville"})).json()

    assert [book["title"] for book in found["books"]] == ["Moby-Dick"]


async def test_genre_narrows_a_search(program: TestClient) -> None:
    """Only books of the shelf are found."""
    books = (await program.get("/api/books?genre=mystery&size=100")).json()["books"]

    assert {book["genre"] for book in books} == {"mystery"}


async def test_search_is_kept_from_page_to_page(client: TestClient) -> None:
    """The links to further pages carry what was asked for."""
    page = await client.get("/books", params={"q": "the & more", "genre": "", "sort": "title"})
    assert "Nothing found" in page.text

    page = await client.get("/books", params={"q": "the", "genre": "novel", "sort": "newest"})
    assert "/books?q=the&amp;genre=novel&amp;sort=newest&amp;page=2" in page.text


async def test_book_page_names_author_and_shelf(client: TestClient) -> None:
    """A book leads to who wrote it and to what stands beside it."""
    page = (await client.get("/books/3")).text

    assert "<h1>Treasure Island</h1>" in page
    assert "Robert Louis Stevenson" in page
    assert "Beside it on the shelf" in page


def test_last_page_holds_the_rest() -> None:
    """A list that does not divide evenly ends in a shorter page; an empty one has one empty page."""
    assert page_of(range(7), number=3, size=3) == Page([6], 3, 3, 7)
    assert page_of([], number=1, size=3) == Page([], 1, 1, 0)
    with pytest.raises(NotFound):
        page_of([], number=2, size=3)


@pytest.mark.parametrize(
    ("number", "last", "links"),
    [
        (1, 1, [1]),
        (1, 9, [1, 2, None, 9]),
        (5, 9, [1, None, 4, 5, 6, None, 9]),
        (9, 9, [1, None, 8, 9]),
        (2, 3, [1, 2, 3]),
    ],
)
def test_long_lists_link_to_ends_and_neighbours(number: int, last: int, links: list[int | None]) -> None:
    """What lies between is left out."""
    assert Page([], number, last, 0).window == links

"""The shop as a visitor and as a program sees it."""

from collections.abc import AsyncIterator

import pytest
from openviper.testing import TestClient

from bookshop.asgi import app

PERSON = {"accept": "text/html"}


@pytest.fixture
async def client() -> AsyncIterator[TestClient]:
    """A client of the running shop."""
    async with TestClient(app) as client:
        yield client


async def test_window_shows_every_book(client: TestClient) -> None:
    """The first page lists all books and counts the visitor."""
    response = await client.get("/", headers=PERSON)

    assert response.status_code == 200
    assert response.text.count('class="card"') == 12
    assert "You are visitor number 1 today." in response.text


async def test_each_visit_has_its_number_and_programs_have_none(client: TestClient) -> None:
    """The plugin counts pages for people only."""
    await client.get("/", headers=PERSON)
    await client.get("/api/books")

    assert "visitor number 2 " in (await client.get("/books/1", headers=PERSON)).text


@pytest.mark.parametrize(
    ("query", "found"), [("q=whale", 1), ("genre=Mystery", 3), ("q=a&genre=Novel", 3), ("q=zzz", 0)]
)
async def test_search_narrows_the_window(client: TestClient, query: str, found: int) -> None:
    """Text and genre narrow the list, on the page and over the API alike."""
    page = await client.get(f"/?{query}")
    listing = await client.get(f"/api/books?{query}")

    assert page.text.count('class="card"') == found
    assert f'"count":{found},' in listing.text


async def test_search_text_is_escaped(client: TestClient) -> None:
    """What a visitor types comes back as text, never as markup."""
    page = await client.get("/", params={"q": '"><script>alert(1)</script>'})

    assert "<script>" not in page.text


async def test_book_has_a_page_and_a_record(client: TestClient) -> None:
    """The same book is a page for people and an object for programs."""
    page = await client.get("/books/1")
    record = await client.get("/api/books/1")

    assert "Moby-Dick" in page.text
    assert '"title":"Moby-Dick"' in record.text


async def test_unknown_book_is_a_page_for_people_and_json_for_programs(client: TestClient) -> None:
    """A wrong address is answered in the form that was asked for."""
    page = await client.get("/books/999", headers=PERSON)
    record = await client.get("/api/books/999")

    assert (page.status_code, record.status_code) == (404, 404)
    assert "Not on our shelves" in page.text
    assert record.json() == {"detail": "There is no book number 999."}


async def test_book_is_added_over_the_api(client: TestClient) -> None:
    """A new book gets the next number, and is in the window at once."""
    book = {"title": "Walden", "author": "Henry David Thoreau", "year": 1854, "genre": "Essay", "price": 950}

    added = await client.post("/api/books", json=book)

    assert added.status_code == 201
    assert added.headers["location"] == "/api/books/13"
    assert "Walden" in (await client.get("/")).text


async def test_bad_book_is_refused_field_by_field(client: TestClient) -> None:
    """Every wrong field is named in one answer, and nothing is added."""
    refused = await client.post("/api/books", json={"title": " ", "year": "1854", "pages": 3})

    assert refused.status_code == 422
    for field in ("author", "genre", "pages", "price", "title", "year"):
        assert f'"field":"{field}"' in refused.text
    assert (await client.get("/health")).json() == {"status": "open", "books": 12}


async def test_shelf_is_emptied_at_the_end() -> None:
    """Shutdown lets go of the books, and the next start loads them anew."""
    from catalogue import books

    async with TestClient(app) as client:
        assert (await client.get("/health")).json() == {"status": "open", "books": 12}
    assert books.all_books() == []

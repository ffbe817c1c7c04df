"""The shop for programs."""

import gzip
import json

import pytest
from openviper.testing import TestClient

from bookshop.asgi import app

ORDER: dict[str, object] = {
    "name": "Ada Vance",
    "email": "ada@example.org",
    "street": "Mill Lane 3",
    "postcode": "4050-123",
    "city": "Porto",
    "lines": [{"book_id": 3, "count": 2}, {"book_id": 1, "count": 1}],
}


async def test_list_tells_how_much_there_is(program: TestClient) -> None:
    """A page of a list comes with the size of the whole."""
    found = (await program.get("/api/books?size=50&page=28")).json()

    assert (found["count"], found["page"], found["pages"], len(found["books"])) == (1400, 28, 28, 50)


async def test_book_comes_with_its_author(program: TestClient) -> None:
    """One answer holds both."""
    book = (await program.get("/api/books/3")).json()

    assert (book["id"], book["title"], book["price"]) == (3, "Treasure Island", 990)
    assert book["author"] == {"id": 3, "name": "Robert Louis Stevenson", "country": "Scotland", "born": 1850}


async def test_author_is_found_by_a_piece_of_the_name(program: TestClient) -> None:
    """Case does not matter."""
    found = (await program.get("/api/authors?q=AUSTEN")).json()

    assert [author["name"] for author in found["authors"]] == ["Jane Austen"]


@pytest.mark.parametrize(
    "path", ["/api/books/0", "/api/authors/99999", "/api/orders/1", "/api/nope", "/api/books?page=9999"]
)
async def test_unknown_is_404_in_json(program: TestClient, path: str) -> None:
    """Programs get JSON with a reason, as a problem document if they ask for one."""
    answer = await program.get(path)
    problem = await program.get(path, headers={"accept": "application/problem+json"})

    assert (answer.status_code, problem.status_code) == (404, 404)
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["detail"] == answer.json()["detail"]


@pytest.mark.parametrize("query", ["size=0", "size=101", "size=x", "page=x", "sort=worst", "q=" + "a" * 81])
async def test_wrong_query_names_the_field(program: TestClient, query: str) -> None:
    """422, with the field that is wrong."""
    answer = await program.get(f"/api/books?{query}")

    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["detail"]] == [query.partition("=")[0]]


async def test_order_is_created_and_found_again(program: TestClient) -> None:
    """201 with the address of the order; a program that keeps the cookie finds it in its list."""
    created = await program.post("/api/orders", json=ORDER)

    order = created.json()
    assert created.status_code == 201
    assert order["total"] == 2 * 990 + 1490 + order["delivery"]
    assert "visitor" not in order
    assert (await program.get(created.headers["location"])).json() == order
    assert (await program.get("/api/orders")).json() == {"count": 1, "orders": [order]}
    assert (await TestClient(app).get("/api/orders")).json() == {"count": 0, "orders": []}


async def test_all_faults_of_an_order_are_named_at_once(program: TestClient) -> None:
    """Address, lines and unknown fields in one answer."""
    refused = await program.post(
        "/api/orders",
        json={
            "name": 7,
            "email": "nobody",
            "postcode": "1",
            "vip": True,
            "lines": [{"book_id": "x"}, {"count": 99}, 5],
        },
    )

    assert refused.status_code == 422
    assert sorted(fault["field"] for fault in refused.json()["detail"]) == [
        "city",
        "email",
        "lines.0.book_id",
        "lines.0.count",
        "lines.1.book_id",
        "lines.1.count",
        "lines.2",
        "name",
        "postcode",
        "street",
        "vip",
    ]


@pytest.mark.parametrize(
    "lines",
    [
        None,
        [],
        "3-1",
        {},
        [{"book_id": 99_999_999, "count": 1}],
        [{"book_id": 3, "count": 1}, {"book_id": 3, "count": 1}],
        [{"book_id": 3, "count": 1, "price": 0}],
        [{"book_id": True, "count": 1}],
        [{"book_id": 3, "count": 1.5}],
        [{"book_id": 3, "count": 1}] * 21,
    ],
)
async def test_order_of_nothing_sensible_is_refused(program: TestClient, lines: object) -> None:
    """Lines must name books of the shop, each once, in numbers that fit; a price is not asked."""
    refused = await program.post("/api/orders", json={**ORDER, "lines": lines})

    assert refused.status_code == 422
    assert all(fault["field"].startswith("lines") for fault in refused.json()["detail"])
    assert (await program.get("/api/orders")).json()["count"] == 0


async def test_line_that_names_no_book_says_only_that(program: TestClient) -> None:
    """A number that cannot be used is not taken for that of another line."""
    lines = [{"book_id": 1, "count": 1}, {"book_id": "x", "count": 1}, {"book_id": 0, "count": 1}]
    refused = await program.post("/api/orders", json={**ORDER, "lines": lines})

    assert [one["field"] for one in refused.json()["detail"]] == ["lines.1.book_id", "lines.2.book_id"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"7", b'"text"', b"\xff\xfe", b"[" * 5000, b'{"name": "\\ud800"}']
)
async def test_body_that_is_no_order_is_refused(program: TestClient, body: bytes) -> None:
    """Whatever arrives, the answer is an error of the client in JSON."""
    refused = await program.post("/api/orders", content=body, headers={"content-type": "application/json"})

    assert refused.status_code in {400, 422}
    assert "detail" in refused.json()


async def test_health_tells_what_the_shop_holds(program: TestClient) -> None:
    """The rows that a start makes are 5,000."""
    health = (await program.get("/api/health")).json()

    assert health["status"] == "open"
    assert sum(health["rows"].values()) == 5000
    assert len(health["rows"]) == 8


async def test_order_outlives_the_server(db: None) -> None:
    """What is bought is there after another start, for the program that keeps its cookie."""
    async with TestClient(app) as client:
        order = (await client.post("/api/orders", json=ORDER)).json()
        key = client.cookies["visitor"]
    async with TestClient(app) as client:
        found = await client.get(f"/api/orders/{order['id']}", headers={"cookie": f"visitor={key}"})

    assert found.json() == order


async def test_export_holds_every_book_of_a_search(program: TestClient) -> None:
    """A table to be saved, and a JSON text a line, take the same search as the list."""
    count = (await program.get("/api/books?genre=mystery")).json()["count"]

    table = await program.get("/api/books.csv?genre=mystery")
    records = await program.get("/api/books.ndjson?genre=mystery&sort=newest")

    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="books.csv"' in table.headers["content-disposition"]
    assert len(table.text.splitlines()) == count + 1
    assert records.headers["content-type"].startswith("application/x-ndjson")
    years = [json.loads(line)["year"] for line in records.text.splitlines()]
    assert (len(years), years) == (count, sorted(years, reverse=True))


async def test_answers_are_compressed_and_have_an_id(program: TestClient) -> None:
    """A list shrinks for clients that take gzip, and the log knows the answer by its id."""
    plain = await program.get("/api/books?size=100")
    packed = await program.get("/api/books?size=100", headers={"accept-encoding": "gzip"})

    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert plain.headers["x-request-id"] != packed.headers["x-request-id"]

"""From the cart to an order, as people do it."""

import pytest
from openviper.testing import TestClient

from bookshop.asgi import app

ADDRESS = {
    "name": "Ada Vance",
    "email": "ada@example.org",
    "street": "Mill Lane 3",
    "postcode": "4050-123",
    "city": "Porto",
}


async def fill_cart(client: TestClient, book_id: int = 3, count: int = 2) -> None:
    """Put copies of a book into the cart."""
    assert (await client.post("/cart/add", data={"book_id": book_id, "count": count})).status_code == 303


async def test_cart_adds_changes_and_removes(client: TestClient) -> None:
    """Each form ends in a redirect to the cart, which shows what is in it now."""
    await fill_cart(client, 3, 2)
    await fill_cart(client, 3, 1)
    assert client.cookies["cart"] == "3-3"

    changed = await client.post("/cart/change", data={"book_id": 3, "count": 1}, follow_redirects=True)
    assert "€\N{NARROW NO-BREAK SPACE}9.90" in changed.text

    emptied = await client.post("/cart/remove", data={"book_id": 3}, follow_redirects=True)
    assert "Nothing in it yet" in emptied.text
    assert "cart" not in client.cookies


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"book_id": "99999999", "count": "1"}, 404),
        ({"book_id": "0", "count": "1"}, 422),
        ({"book_id": "3", "count": "10"}, 422),
        ({"book_id": "3", "count": "-1"}, 422),
        ({"book_id": "3; DROP", "count": "1"}, 422),
        ({"book_id": "9" * 5000, "count": "1"}, 422),
        ({"book_id": "٣", "count": "1"}, 422),
        ({}, 422),
    ],
)
async def test_cart_refuses_what_is_no_book(client: TestClient, form: dict[str, str], status: int) -> None:
    """Only books of the catalogue go into the cart, and few of each."""
    assert (await client.post("/cart/add", data=form)).status_code == status
    assert "cart" not in client.cookies


@pytest.mark.parametrize(
    "cookie",
    ["", ".", "3", "3-0", "3-10", "-1-1", "0-1", "99999999-1", "3-1" + "0" * 4000, "a-b.c-d", "%00", "<b>-1", "3-1;x"],
)
async def test_strange_cart_is_passed_over(client: TestClient, cookie: str) -> None:
    """A cookie that this shop would not have written holds nothing, and breaks no page."""
    page = await client.get("/cart", headers={"cookie": f"cart={cookie}"})

    assert page.status_code == 200
    assert "<b>-1" not in page.text


async def test_cart_is_bounded(client: TestClient) -> None:
    """Twenty titles fit; the form for one more is refused."""
    for book_id in range(1, 21):
        await fill_cart(client, book_id, 1)

    assert (await client.post("/cart/add", data={"book_id": 21, "count": 1})).status_code == 422


async def test_order_is_placed_and_confirmed(client: TestClient) -> None:
    """The order is shown to the browser that sent it, the cart is empty, and the copies are off the shelf."""
    copies = (await client.get("/api/books/3")).json()["copies"]
    await fill_cart(client)

    confirmed = await client.post("/checkout", data=ADDRESS, follow_redirects=True)

    assert "Thank you, Ada Vance" in confirmed.text
    assert "€\N{NARROW NO-BREAK SPACE}23.70" in confirmed.text
    assert "cart" not in client.cookies
    assert "Porto" in (await client.get("/orders")).text
    assert (await client.get("/api/books/3")).json()["copies"] == copies - 2


async def test_order_is_hidden_from_everybody_else(client: TestClient) -> None:
    """Without the key of the browser, an order is as if there were none; so are those of members of before."""
    await fill_cart(client)
    placed = await client.post("/checkout", data=ADDRESS)

    for key in ("", "visitor=", "visitor=" + "a" * 32):
        answer = await TestClient(app).get(placed.headers["location"], headers={"cookie": key})
        assert answer.status_code == 404
    assert (await client.get("/orders/1")).status_code == 404


async def test_faults_are_shown_in_the_form(client: TestClient) -> None:
    """Every wrong field is named at once, and what was right stays in the form; nothing is ordered."""
    await fill_cart(client)

    page = await client.post("/checkout", data={"name": '"><b>Ada', "email": "nobody", "street": " ", "postcode": "1"})

    assert page.status_code == 422
    assert 'role="alert"' in page.text
    for name in ("email", "street", "postcode", "city"):
        assert f'id="{name}-fault"' in page.text
    assert 'id="name-fault"' not in page.text
    assert 'value="&#34;&gt;&lt;b&gt;Ada"' in page.text
    assert client.cookies["cart"] == "3-2"
    assert "None from this browser" in (await client.get("/orders")).text


async def test_last_copies_are_sold_once(client: TestClient) -> None:
    """Who comes second is told how many are left."""
    search = (await client.get("/api/books?size=100&sort=oldest")).json()["books"]
    scarce = next(book for book in search if book["copies"] == 2)
    await fill_cart(client, scarce["id"], 2)
    await client.post("/checkout", data=ADDRESS)
    await fill_cart(client, scarce["id"], 1)

    page = await client.post("/checkout", data=ADDRESS)

    assert page.status_code == 422
    assert "sold out" in page.text


async def test_checkout_without_books_leads_to_the_cart(client: TestClient) -> None:
    """There is nothing to order, so there is no form; sending it twice orders once."""
    assert (await client.get("/checkout")).headers["location"] == "/cart"
    assert (await client.post("/checkout", data=ADDRESS)).headers["location"] == "/cart"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://testserver.evil.example"},
        {"origin": "http://[::1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_forms_of_other_sites_are_refused(client: TestClient, headers: dict[str, str]) -> None:
    """A page elsewhere cannot act in a visitor's name, and the refusal is as protected as any answer."""
    refused = await client.post("/cart/add", data={"book_id": 3, "count": 1}, headers=headers)

    assert refused.status_code == 403
    assert "content-security-policy" in refused.headers


async def test_own_forms_are_accepted(client: TestClient) -> None:
    """A browser says that the form came from the shop itself."""
    headers = {"origin": "http://testserver", "sec-fetch-site": "same-origin"}

    assert (await client.post("/cart/add", data={"book_id": 3, "count": 1}, headers=headers)).status_code == 303


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"name=%ff%fe", "application/x-www-form-urlencoded", 400),
        (b"\xff", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a=1" for _ in range(100)), "application/x-www-form-urlencoded", 413),
        (b"name=Ada%00", "application/x-www-form-urlencoded", 400),
        (b"name=" + b"a" * 70_000, "application/x-www-form-urlencoded", 413),
        (b'{"name": "Ada"}', "application/json", 415),
    ],
)
async def test_body_that_is_no_form_is_refused(client: TestClient, content: bytes, kind: str, status: int) -> None:
    """Whatever arrives in place of a form is an error of the client."""
    answer = await client.post("/checkout", content=content, headers={"content-type": kind})

    assert answer.status_code == status


@pytest.mark.parametrize("name", ["Ada\x01", "Ada\nVance", "Ada\u202e", "a" * 81])
async def test_name_must_be_printable_and_short(client: TestClient, name: str) -> None:
    """Control characters, and those that turn the direction of text, are no part of a name."""
    await fill_cart(client)

    page = await client.post("/checkout", data={**ADDRESS, "name": name})

    assert page.status_code == 422
    assert 'id="name-fault"' in page.text


async def test_cookies_are_hidden_from_scripts_and_other_sites(client: TestClient) -> None:
    """Both cookies are HttpOnly and SameSite=Lax."""
    added = await client.post("/cart/add", data={"book_id": 3, "count": 1})
    ordered = await client.post("/checkout", data=ADDRESS)

    for cookie in [*added.headers.getlist("set-cookie"), *ordered.headers.getlist("set-cookie")]:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie

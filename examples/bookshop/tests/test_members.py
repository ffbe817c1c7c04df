"""Joining the shop."""

import asyncio
from html import unescape

import pytest
from openviper.testing import TestClient, max_queries

from bookshop.asgi import app
from members.models import Member
from members.repository import list_most_wished

ADA = {"name": "Ada Vance", "email": "ada@example.org", "city": "Porto", "favourite": "novel"}


async def test_member_sees_what_is_known_of_them(client: TestClient) -> None:
    """After joining, a browser finds the member again, and the checkout knows the name."""
    page = await client.post("/join", data=ADA, follow_redirects=True)

    assert "Welcome, Ada Vance" in page.text
    assert "ada@example.org" in page.text
    await client.post("/cart/add", data={"book_id": 3, "count": 1})
    assert 'value="Ada Vance"' in (await client.get("/checkout")).text


async def test_member_is_unknown_to_other_browsers(client: TestClient) -> None:
    """Another browser is asked to join, whatever it says it is."""
    await client.post("/join", data=ADA)

    for cookie in ("", "visitor=1", "visitor=" + "x" * 32, "visitor=<script>"):
        answer = await TestClient(app).get("/me", headers={"cookie": cookie})
        assert answer.headers["location"] == "/join"


async def test_joining_twice_leads_to_the_same_member(client: TestClient) -> None:
    """A browser joins once."""
    await client.post("/join", data=ADA)
    again = await client.post("/join", data={**ADA, "name": "Somebody"}, follow_redirects=True)

    assert "Welcome, Ada Vance" in again.text


async def test_button_pressed_many_times_makes_one_member(client: TestClient) -> None:
    """The requests arrive at the same moment, none of them sees a member, and one is made."""
    key = "visitor=" + "k" * 32

    answers = await asyncio.gather(*(client.post("/join", data=ADA, headers={"cookie": key}) for _ in range(8)))

    assert {answer.headers["location"] for answer in answers} == {"/me"}
    assert await Member.objects.filter(visitor="k" * 32).count() == 1


async def test_faults_are_shown_in_the_form(client: TestClient) -> None:
    """What is wrong stands beside the field, and what was right stays in it."""
    page = await client.post("/join", data={"name": "Ada <Vance>", "email": "ada@"})

    assert page.status_code == 422
    assert 'value="Ada &lt;Vance&gt;"' in page.text
    for name in ("email", "city"):
        assert f'href="#{name}"' in page.text
    assert "visitor" not in client.cookies


async def test_shelf_must_be_one_of_the_shop(client: TestClient) -> None:
    """What only the shop can tell is shown in the form as well."""
    page = await client.post("/join", data={**ADA, "favourite": "nope"})

    assert page.status_code == 422
    assert 'href="#favourite"' in page.text


@pytest.mark.parametrize(
    "name", ["Zoë O'Dowd-Şahin", "نیلو\u200cفر", "ශ්\u200dරී", "李小龍", "\U0001f469\u200d\U0001f680"]
)
async def test_names_of_the_world_are_names(client: TestClient, name: str) -> None:
    """Whatever script a name is written in, it comes back as it was."""
    page = await client.post("/join", data={**ADA, "name": name}, follow_redirects=True)

    assert page.status_code == 200
    assert name in unescape(page.text)


@pytest.mark.parametrize("name", ["\u200d", "\u200c \u200d\u200c", " \u200d "])
async def test_invisible_name_is_no_name(client: TestClient, name: str) -> None:
    """Joiners are part of names and not a name."""
    page = await client.post("/join", data={**ADA, "name": name})

    assert page.status_code == 422
    assert 'id="name-fault"' in page.text


async def test_list_remembers_books(client: TestClient) -> None:
    """What is put on the list stands on the member's page, until it is taken off."""
    await client.post("/join", data=ADA)
    await client.post("/me/wishes/add", data={"book_id": 3})
    page = await client.post("/me/wishes/add", data={"book_id": 1}, follow_redirects=True)

    assert "Treasure Island" in page.text
    assert page.text.index("Moby-Dick") < page.text.index("Treasure Island")
    page = await client.post("/me/wishes/remove", data={"book_id": 3}, follow_redirects=True)
    assert "Treasure Island" not in page.text
    async with max_queries(4):  # the member for the page and as the user, the list, and those of others
        assert (await client.get("/me")).status_code == 200


async def test_button_pressed_many_times_puts_one_book_on_the_list(client: TestClient) -> None:
    """All requests arrive at the same moment, and one link comes of them."""
    await client.post("/join", data=ADA)
    key = f"visitor={client.cookies['visitor']}"

    await asyncio.gather(
        *(TestClient(app).post("/me/wishes/add", data={"book_id": 3}, headers={"cookie": key}) for _ in range(8))
    )

    assert await Member.wishes.through.objects.count() == 1


@pytest.mark.parametrize(
    ("book_id", "status"), [("99999", 404), ("0", 422), ("x", 422), ("9" * 30, 422), ("1 OR 1=1", 422)]
)
async def test_only_books_come_on_the_list(client: TestClient, book_id: str, status: int) -> None:
    """A number of no book is not found, and what is no number is a fault."""
    await client.post("/join", data=ADA)

    assert (await client.post("/me/wishes/add", data={"book_id": book_id})).status_code == status
    assert not await Member.wishes.through.objects.exists()


async def test_strangers_have_no_list(client: TestClient) -> None:
    """Who has not joined is asked to."""
    for path in ("add", "remove"):
        assert (await client.post(f"/me/wishes/{path}", data={"book_id": 3})).status_code == 303
    assert not await Member.wishes.through.objects.exists()


async def test_books_on_most_lists_come_first(db: None) -> None:
    """Counted by the database, in one query."""
    ann, bob, cid = await Member.objects.order_by("id")[:3]
    await ann.wishes.add(1, 3, 5)
    await bob.wishes.set([3, 5])
    await cid.wishes.add(3)

    async with max_queries(1):
        found = await list_most_wished(without=[], most=2)

    assert [book.pk for book in found] == [3, 5]
    assert [book.pk for book in await list_most_wished(without=found, most=2)] == [1]

"""Joining the shop."""

import asyncio
from html import unescape

import pytest
from openviper.testing import TestClient

from bookshop.asgi import app
from members.models import Member

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

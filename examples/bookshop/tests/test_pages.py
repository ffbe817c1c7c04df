"""What holds for every page of the shop."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from openviper.testing import TestClient

PAGES = [
    "/",
    "/books",
    "/books?q=lantern&sort=newest",
    "/books/3",
    "/authors",
    "/authors/1",
    "/genres/novel",
    "/cart",
    "/orders",
    "/join",
    "/media",
    "/about",
]
HOSTILE = '"><script>alert(1)</script>'


class Markup(HTMLParser):
    """Collects the elements of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def values(self, tag: str, attribute: str) -> Iterator[str]:
        return (attrs[attribute] for name, attrs in self.elements if name == tag and attribute in attrs)


@pytest.mark.parametrize("path", PAGES)
async def test_page_can_be_read_by_everyone(client: TestClient, path: str) -> None:
    """One heading of the first rank, landmarks, a label for each field, a text for each image, and no script."""
    response = await client.get(path)

    page = Markup(response.text)
    tags = [tag for tag, _ in page.elements]
    assert response.status_code == 200
    assert (tags.count("h1"), tags.count("main"), tags.count("script")) == (1, 1, 0)
    assert {"header", "nav", "footer", "title"} <= set(tags)
    labelled = set(page.values("label", "for"))
    for tag, attrs in page.elements:
        if tag in {"input", "select"} and attrs.get("type") != "hidden":
            assert attrs["id"] in labelled
        if tag == "img":
            assert "alt" in attrs
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", PAGES)
async def test_links_of_a_page_lead_somewhere(client: TestClient, path: str) -> None:
    """Every address of the shop on a page is answered: links, images, the stylesheet."""
    page = Markup((await client.get(path)).text)
    addresses = {*page.values("a", "href"), *page.values("img", "src"), *page.values("link", "href")}

    for address in sorted(address for address in addresses if address.startswith("/")):
        response = await client.get(address)
        assert response.status_code in {200, 303}, address


async def test_pages_allow_no_scripts_and_no_frames(client: TestClient) -> None:
    """The policy that browsers keep is strict, since pages need nothing from elsewhere."""
    policy = (await client.get("/")).headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


async def test_each_visit_has_its_number_and_programs_have_none(client: TestClient) -> None:
    """What ``ready()`` of the members made counts people only."""
    assert "visitor number 1 today" in (await client.get("/")).text
    await client.get("/api/books", headers={"accept": "application/json"})

    assert "visitor number 2 today" in (await client.get("/books/1")).text


@pytest.mark.parametrize(
    "path", ["/nope", "/books/99999999", "/authors/0", "/genres/nope", "/books?page=99", "/orders/1"]
)
async def test_wrong_address_is_a_page_of_the_shop(client: TestClient, path: str) -> None:
    """People get a page that leads on, with the status of an error."""
    response = await client.get(path)

    assert response.status_code == 404
    assert "Not on our shelves" in response.text
    assert 'href="/books"' in response.text


@pytest.mark.parametrize(
    "query", ["page=x", "page=-1", "page=0", "sort=worst", "page=9" + "9" * 40, "q=" + "a" * 81, "page=1e9", "q=%00"]
)
async def test_wrong_query_is_refused(client: TestClient, query: str) -> None:
    """A query that means nothing is an error of the client, never of the shop."""
    response = await client.get(f"/books?{query}")

    assert response.status_code in {404, 422}
    assert "<h1>" in response.text


@pytest.mark.parametrize("path", ["/books", "/authors"])
async def test_search_text_is_escaped(client: TestClient, path: str) -> None:
    """What a visitor types comes back as text, never as markup."""
    page = await client.get(path, params={"q": HOSTILE})

    assert page.status_code == 200
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text


@pytest.mark.parametrize("query", ["q=%ff%fe", "q=%f0%9f%93%9a", "genre=%27%22%3c", "q=%", "q=+", "q=a&q=b"])
async def test_odd_text_finds_what_there_is(client: TestClient, query: str) -> None:
    """Bytes that are no text, pictures and quotes find nothing, and break nothing."""
    response = await client.get(f"/books?{query}")

    assert response.status_code == 200
    assert re.search(r"\d+ books?", response.text)


async def test_stylesheet_is_sent(client: TestClient) -> None:
    """There is one stylesheet, where ``static()`` says."""
    response = await client.get("/static/shop.css")

    assert response.headers["content-type"].startswith("text/css")
    assert "prefers-color-scheme: dark" in response.text

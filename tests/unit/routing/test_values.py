"""Values of path, query, header, cookies and form, and classes made of several of them."""

import dataclasses
import decimal
import enum
import itertools
from collections.abc import Sequence
from typing import Annotated, Any, NewType

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from openviper.exceptions import HTTPException
from openviper.http.uploads import UploadFile
from openviper.routing.exceptions import RouteError
from openviper.routing.params import Body, Cookie, File, Form, Header, Query
from openviper.routing.signatures import read_signature
from tests.unit.routing.calls import call, faults, refusal

FORM = [(b"content-type", b"application/x-www-form-urlencoded")]
PARTS = [(b"content-type", b"multipart/form-data; boundary=x")]


class Colour(enum.Enum):
    RED = "red"


async def _query(
    page: int = 1, q: str = "", ratio: float | None = None, colour: Colour | None = None, tags: list[int] | None = None
) -> list[object]:
    return [page, q, ratio, colour, tags]


async def _plain(page: int = 1, q: str = "") -> list[object]:
    return [page, q]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (b"", [1, ""]),
        (b"page=2&q=a", [2, "a"]),
        (b"page=2&page=3", [3, ""]),
        (b"q=a+b%20c", [1, "a b c"]),
        (b"q", [1, ""]),
        (b"&&q=1&", [1, "1"]),
        (b"page=-5", [-5, ""]),
        (b"page=%32", [2, ""]),
        (b"q=a=b", [1, "a=b"]),
        (b"page=999999999999999999", [999999999999999999, ""]),
        (b"q=%C3%A4", [1, "\u00e4"]),
    ],
)
async def test_query_is_read_alike_with_and_without_escapes(query: bytes, found: list[object]) -> None:
    """The last value of a name counts, whichever way the query is split."""
    assert await call(_plain, query=query) == found
    assert (await call(_query, query=query))[:2] == found


@pytest.mark.parametrize(
    "query", [b"page=x", b"page=", b"page=1_0", b"page=%D9%A1", b"page=" + b"1" * 20_000, b"q=%00"]
)
async def test_value_that_cannot_be_read_is_refused(query: bytes) -> None:
    """Signs, digits of other scripts, numbers without end and NUL are faults of the client, and short to tell."""
    for handler in (_plain, _query):
        status, detail = await refusal(handler, query=query)
        assert status == 422
        assert len(detail[0]["message"]) < 200


async def test_text_with_rules_holds_no_nul_either() -> None:
    """A text that is short enough and holds NUL is refused as one without rules is."""

    async def handler(
        q: Annotated[str, Query(max_length=9)] = "",
        tags: Annotated[list[str] | None, Query(max_length=9)] = None,
        token: Annotated[str, Header(pattern="^a")] = "",
    ) -> None:
        """Never called."""

    for request in ({"query": b"q=%00"}, {"query": b"tags=%00"}, {"headers": [(b"token", b"a\x00")]}):
        assert (await refusal(handler, **request))[0] == 422


@pytest.mark.parametrize("query", [b"q=%00", b"tags=a&tags=%00"])
async def test_text_of_a_pydantic_model_holds_no_nul_either(query: bytes) -> None:
    """Pydantic takes NUL for a character like any other, so it is refused before."""

    class Search(BaseModel):
        q: str = ""
        tags: list[str] = []

    async def handler(search: Annotated[Search, Query()]) -> None:
        """Never called."""

    assert (await refusal(handler, query=query))[0] == 422


@given(query=st.binary(max_size=40))
async def test_any_query_is_read_or_refused(query: bytes) -> None:
    """Whatever follows the question mark is an answer or a 422."""
    status = 200
    try:
        await call(_query, query=query)
    except HTTPException as error:
        status = error.status_code
    assert status in (200, 422)


async def test_rules_hold_for_values_and_for_lists() -> None:
    """Limits are about each value, lengths beside a list about the list; those of msgspec count as well."""

    async def handler(
        name: Annotated[str, Query(min_length=2, max_length=3, pattern="^[a-z]+$")],
        price: Annotated[decimal.Decimal, Query(gt=0, multiple_of=0.05)],
        size: Annotated[int, msgspec.Meta(ge=1)] = 1,
        tags: Annotated[list[Annotated[int, msgspec.Meta(lt=10)]], Query(max_length=2)] = [],  # noqa: B006 - a default
    ) -> list[object]:
        return [name, price, size, tags]

    assert await call(handler, query=b"name=abc&price=0.15&size=2&tags=9") == ["abc", "0.15", 2, [9]]
    wrong = b"name=a&price=0.07&size=0&tags=1&tags=2&tags=3"
    assert [path for _, path, _ in await faults(handler, query=wrong)] == [["name"], ["price"], ["size"], ["tags"]]
    _, detail = await refusal(handler, query=b"name=A1&price=0&tags=10")
    assert detail[0]["message"] == ("'A1' is not text of 2 to 3 characters, fitting the pattern ^[a-z]+$.")


def test_rule_that_does_not_fit_is_refused() -> None:
    """A limit of another type is found when the route is registered."""

    async def handler(name: str = Query(ge=1)) -> None: ...

    with pytest.raises(RouteError, match="ge=1"):
        read_signature(handler)


async def test_headers_and_cookies() -> None:
    """Names of headers have hyphens; the first of several counts, and a list takes all."""

    async def handler(
        user_agent: Annotated[str, Header()],
        x_tags: Annotated[list[str], Header()],
        token: Annotated[str, Cookie(alias="session-id")],
        odd: Annotated[int, Header(alias="X_Odd")] = 0,
    ) -> list[object]:
        return [user_agent, x_tags, token, odd]

    headers = [
        (b"user-agent", b"a"), (b"user-agent", b"b"), (b"x-tags", b"1"), (b"x-tags", b"2"),
        (b"cookie", b"session-id=s; other=1"), (b"x_odd", b"3"),
    ]  # fmt: skip
    assert await call(handler, headers=headers) == ["a", ["1", "2"], "s", 3]
    assert [part for part, _, _ in await faults(handler)] == ["header", "header", "cookie"]


@dataclasses.dataclass
class Filters:
    q: str
    page: Annotated[int, msgspec.Meta(ge=1)] = 1
    tags: list[str] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        if self.q == "everything":
            raise ValueError("that is too much")


class Search(msgspec.Struct, rename="camel"):
    sort_by: str = "name"
    page_size: int = 10


class Model(BaseModel):
    number: int = Field(ge=1, alias="n")
    names: list[str] = []


async def test_class_takes_several_values() -> None:
    """A dataclass, a Struct under its own names, and a model are made of the values of their fields."""

    async def handler(
        filters: Annotated[Filters, Query()], search: Annotated[Search, Query()], model: Annotated[Model, Query()]
    ) -> list[object]:
        return [filters, search, {"number": model.number, "names": model.names}]

    query = b"q=a&page=2&tags=x&tags=y&sortBy=price&pageSize=5&n=3&names=u"
    assert await call(handler, query=query) == [
        {"q": "a", "page": 2, "tags": ["x", "y"]},
        {"sortBy": "price", "pageSize": 5},
        {"number": 3, "names": ["u"]},
    ]
    assert await faults(handler, query=b"page=0&pageSize=x&n=0") == [
        ("query", ["q"], "missing"),
        ("query", ["page"], "invalid"),
        ("query", ["pageSize"], "invalid"),
        ("query", ["n"], "invalid"),
    ]
    assert await faults(handler, query=b"q=everything&n=1") == [("query", [], "invalid")]


async def test_form_fields_one_by_one_and_as_a_class() -> None:
    """Fields are converted as values of the query are; one that was left empty has its default."""

    async def single(title: Annotated[str, Form()], pages: Annotated[int | None, Form()] = None) -> list[object]:
        return [title, pages]

    async def whole(form: Annotated[Filters, Form()]) -> object:
        return {"q": form.q, "tags": form.tags}

    assert await call(single, body=b"title=a&pages=", headers=FORM) == ["a", None]
    assert await call(single, body=b"title=a&pages=7", headers=FORM) == ["a", 7]
    assert await faults(single, body=b"pages=x", headers=FORM) == [
        ("form", ["title"], "missing"),
        ("form", ["pages"], "invalid"),
    ]
    assert await call(whole, body=b"q=a&tags=1&tags=2", headers=FORM) == {"q": "a", "tags": ["1", "2"]}


def _part(name: str, content: str, filename: str | None = None) -> bytes:
    file = "" if filename is None else f'; filename="{filename}"'
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n{content}\r\n'.encode()


async def test_uploaded_files() -> None:
    """The annotation alone asks for a file, and a list of them for all of one name."""

    async def handler(
        cover: UploadFile,
        pages: list[UploadFile],
        title: Annotated[str, Form()],
        extra: Annotated[UploadFile | None, File(alias="more")] = None,
    ) -> list[object]:
        return [(await cover.read()).decode(), [page.filename for page in pages], title, extra]

    parts = [_part("cover", "c", "c.png"), _part("pages", "1", "1.txt"), _part("pages", "2", "2.txt")]
    body = b"".join([*parts, _part("title", "t"), b"--x--\r\n"])
    assert await call(handler, body=body, headers=PARTS) == ["c", ["1.txt", "2.txt"], "t", None]
    body = _part("cover", "text") + _part("title", "t", "t.txt") + b"--x--\r\n"
    assert await faults(handler, body=body, headers=PARTS) == [
        ("file", ["cover"], "invalid"),
        ("file", ["pages"], "missing"),
        ("form", ["title"], "invalid"),
    ]


def test_class_with_a_field_that_is_no_value_is_refused() -> None:
    """A class within a class, or a TypedDict, cannot be taken from a query."""

    @dataclasses.dataclass
    class Outer:
        inner: dict[str, int]

    async def handler(outer: Annotated[Outer, Query()]) -> None: ...

    with pytest.raises(RouteError, match="'inner'"):
        read_signature(_local(handler, Outer))


def _local(handler: Any, kind: type) -> Any:
    handler.__annotations__["outer"] = Annotated[kind, Query()]
    return handler


Page = NewType("Page", int)


async def test_collections_have_the_type_that_they_are_annotated_with() -> None:
    """Lengths hold for what is made, so those of a set for different values."""

    async def handler(
        ids: set[int],
        pages: tuple[Page, ...] = (),
        names: Sequence[str] = (),
        kinds: Annotated[frozenset[str], Query(max_length=2)] = frozenset(),
        page: Page = Page(1),
    ) -> list[object]:
        return [sorted(ids), ids.__class__.__name__, list(pages), pages.__class__.__name__, names, len(kinds), page]

    query = b"ids=2&ids=1&ids=2&pages=3&pages=4&names=a&kinds=a&kinds=b&kinds=a&page=7"
    assert await call(handler, query=query) == [[1, 2], "set", [3, 4], "tuple", ["a"], 2, 7]
    assert await faults(handler, query=b"ids=x&kinds=a&kinds=b&kinds=c") == [
        ("query", ["ids"], "invalid"),
        ("query", ["kinds"], "invalid"),
    ]


async def test_file_as_bytes() -> None:
    """The content itself, whole although another argument has read it, and each one of a list."""

    async def handler(
        whole: Annotated[bytes, File(alias="a")],
        again: Annotated[bytes, File(alias="a")],
        several: Annotated[tuple[bytes, ...], File()],
        none: Annotated[bytes | None, File()] = None,
    ) -> list[object]:
        return [whole.decode(), again.decode(), [one.decode() for one in several], none]

    parts = [_part("a", "one", "a.txt"), _part("several", "2", "2.txt"), _part("several", "3", "3.txt"), b"--x--\r\n"]
    assert await call(handler, body=b"".join(parts), headers=PARTS) == ["one", "one", ["2", "3"], None]


def test_file_of_another_type_is_refused() -> None:
    """It would be an UploadFile, whatever the annotation says."""

    async def handler(file: Annotated[int, File()]) -> None: ...

    with pytest.raises(RouteError, match="'file' is of type"):
        read_signature(handler)


async def test_default_is_made_for_each_request() -> None:
    """By what a marker names, from any part of a request."""
    made = itertools.count(1)

    async def handler(
        first: Annotated[int, Query(default_factory=lambda: next(made))],
        second: Annotated[list[int], Query(default_factory=list)],
        third: Annotated[int, Header(default_factory=lambda: next(made))],
        body: Annotated[dict[str, int], Body(default_factory=lambda: {"made": 1})],
    ) -> list[object]:
        second.append(1)
        return [first, second, third, body]

    assert await call(handler) == [1, [1], 2, {"made": 1}]
    assert await call(handler, query=b"second=5") == [3, [5, 1], 4, {"made": 1}]


async def test_description_stands_beside_a_pattern() -> None:
    """A pattern alone says little to people."""

    async def handler(
        code: Annotated[str, Query(pattern="^[A-Z]{3}$", description="Three capital letters.")],
    ) -> None: ...

    _, detail = await refusal(handler, query=b"code=a")
    assert detail[0]["message"] == "'a' is not text, fitting the pattern ^[A-Z]{3}$ (Three capital letters)."

"""Typed bodies: what a route decodes, and what it says of a body that does not fit."""

import dataclasses
import datetime as dt
from typing import Annotated, Any, TypedDict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from openviper.exceptions import HTTPException, PayloadTooLarge
from openviper.http.exceptions import BodyConsumedError, ClientDisconnectedError
from openviper.http.request import Request
from openviper.primitives.json import encode
from openviper.routing.exceptions import RouteError
from openviper.routing.params import Body, Header, Query
from openviper.routing.plan import compile_plan
from openviper.routing.route import Route
from openviper.types import Message, Receive, Scope
from tests.unit.routing.calls import JSON, answer_of, call, faults, refusal


class Line(msgspec.Struct):
    sku: Annotated[str, msgspec.Meta(min_length=2)]
    qty: Annotated[int, msgspec.Meta(ge=1)]


class Order(msgspec.Struct):
    title: str
    lines: list[Line]
    at: dt.datetime | None = None


class Card(msgspec.Struct, tag="card"):
    number: str


class Cash(msgspec.Struct, tag="cash"):
    given: float


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


class Note(TypedDict):
    text: str


class Book(BaseModel):
    title: str
    pages: int = Field(default=1, ge=1)


class Shelf(msgspec.Struct):
    name: str
    books: list[Book]


async def _order(order: Order) -> Order:
    return order


async def _mixed(order: Order, page: int = Query(1, ge=1), token: str = Header(alias="x-token")) -> None: ...


async def _optional(order: Order | None = None) -> object:
    return order


async def _several(point: Point, note: Note, stars: Annotated[int, Body(ge=1, le=5)] = 3) -> list[object]:
    return [point, note, stars]


async def _book(book: Book) -> Book:
    return book


async def _books(books: list[Book], shelf: Shelf | None = None) -> list[object]:
    return [books, shelf]


ORDER = b'{"title": "a", "lines": [{"sku": "xx", "qty": 1}]}'


async def test_struct_is_decoded_and_encoded_again() -> None:
    """A Struct stands for the whole body, and for the whole answer (A-69)."""
    assert await answer_of(_order, body=ORDER) == b'{"title":"a","lines":[{"sku":"xx","qty":1}],"at":null}'


@pytest.mark.parametrize(
    ("kind", "body", "given"),
    [
        (Point, b'{"x": 1}', {"x": 1, "y": 0}),
        (Note, b'{"text": "a"}', {"text": "a"}),
        (list[Point], b'[{"x": 1, "y": 2}]', [{"x": 1, "y": 2}]),
        (dict[str, int], b'{"a": 1}', {"a": 1}),
        (dict, b'{"a": [1]}', {"a": [1]}),
        (Card | Cash, b'{"type": "cash", "given": 2}', {"type": "cash", "given": 2.0}),
        (Annotated[int, Body()], b"7", 7),
        (Annotated[list[int], Body()], b"[7]", [7]),
        (Annotated[Point, Body(embed=True)], b'{"thing": {"x": 1}}', {"x": 1, "y": 0}),
        (Annotated[int, Body(alias="n", embed=True)], b'{"n": 1}', 1),
        (Book, b'{"title": "a"}', {"title": "a", "pages": 1}),
        (Shelf, b'{"name": "s", "books": [{"title": "a"}]}', {"name": "s", "books": [{"title": "a", "pages": 1}]}),
    ],
)
async def test_every_kind_of_body(kind: object, body: bytes, given: object) -> None:
    """Structs, dataclasses, TypedDicts, models, collections of them and marked scalars are bodies (A-69)."""

    async def handler(thing: Any) -> object:
        return thing

    handler.__annotations__["thing"] = kind
    assert await call(handler, body=body) == given


async def test_all_faults_are_told_at_once() -> None:
    """One 422 has the path of each wrong field, and the faults of query and headers beside them."""
    body = b'{"lines": [{"sku": "x", "qty": 0}, {"qty": "a"}, 3], "at": "never"}'
    assert await faults(_mixed, body=body, query=b"page=0") == [
        ("query", ["page"], "invalid"),
        ("header", ["x-token"], "missing"),
        ("body", ["title"], "missing"),
        ("body", ["lines", 0, "sku"], "invalid"),
        ("body", ["lines", 0, "qty"], "invalid"),
        ("body", ["lines", 1, "sku"], "missing"),
        ("body", ["lines", 1, "qty"], "invalid"),
        ("body", ["lines", 2], "invalid"),
        ("body", ["at"], "invalid"),
    ]


async def test_several_bodies_are_keys_of_one() -> None:
    """Each argument takes the key of its name, and has its default without it."""
    body = b'{"point": {"x": 1}, "note": {"text": "a"}}'
    assert await call(_several, body=body) == [{"x": 1, "y": 0}, {"text": "a"}, 3]
    assert await faults(_several, body=b'{"point": {"x": "1"}, "stars": 9}') == [
        ("body", ["point", "x"], "invalid"),
        ("body", ["note"], "missing"),
        ("body", ["stars"], "invalid"),
    ]


async def test_body_that_may_be_left_out() -> None:
    """An empty body is the default where there is one, and a missing value where there is none."""
    assert await call(_optional) is not None  # 204, as None is
    assert await call(_optional, body=ORDER) == {"title": "a", "lines": [{"sku": "xx", "qty": 1}], "at": None}
    assert await faults(_order) == [("body", [], "missing")]
    assert await faults(_several) == [("body", [], "missing")]


@pytest.mark.parametrize("kind", [b"application/json; charset=utf-8", b"APPLICATION/JSON", b"application/vnd.api+json"])
async def test_json_by_another_name(kind: bytes) -> None:
    """Parameters, upper case and types that end in +json are JSON; so is a body without a type."""
    assert await call(_order, body=ORDER, headers=[(b"content-type", kind)])
    assert await call(_order, body=ORDER)


@pytest.mark.parametrize("kind", [b"text/plain", b"application/xml", b"multipart/form-data; boundary=x", b"+json", b""])
async def test_body_of_another_type_is_refused(kind: bytes) -> None:
    """A body that claims to be something else is a 415 that names what is taken."""
    status, detail = await refusal(_order, body=ORDER, headers=[(b"content-type", kind)])
    assert status == 415
    assert "application/json" in detail


HOSTILE = {
    "malformed": b'{"title": ',
    "not utf-8": b'{"title": "\xff"}',
    "NaN": b'{"title": NaN}',
    "lone surrogate": b'{"title": "\\ud800", "lines": []}',
    "deep": b"[" * 5_000,
    "deep in a field": b'{"title": ' + b"[" * 4_000 + b"]" * 4_000 + b', "lines": []}',
    "long integer": b'{"title": "a", "lines": [{"sku": "xx", "qty": ' + b"1" * 9_000 + b"}]}",
    "large float": b'{"title": 1e999, "lines": []}',
    "trailing text": ORDER + b"x",
    "mark of byte order": b"\xef\xbb\xbf" + ORDER,
    "other shape": b"[]",
    "null": b"null",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("handler", [_order, _optional, _several, _book, _books])
async def test_hostile_body_is_the_fault_of_the_client(handler: Any, body: bytes) -> None:
    """Whatever cannot be decoded is a 400 or a 422, and nothing worse."""
    status = 200
    try:
        await call(handler, body=body, headers=JSON)
    except HTTPException as error:
        status = error.status_code
    assert status in (400, 422) or (body == b"null" and handler is _optional)


async def test_malformed_json_is_told_where() -> None:
    """The answer to what is no JSON has line and column, as that of the request has."""
    status, detail = await refusal(_order, body=b'{\n "title": oops}')
    assert (status, detail["line"], detail["column"]) == (400, 2, 11)


async def test_numbers_without_bound_come_back() -> None:
    """JSON knows integers of more than 64 bits, and they are answered as they came."""

    async def handler(thing: dict[str, int]) -> object:
        return thing

    assert await answer_of(handler, body=b'{"n": %d}' % 10**30) == b'{"n":%d}' % 10**30


async def test_last_of_two_keys_counts() -> None:
    """A key that stands twice has its last value."""
    assert await call(_book, body=b'{"title": "a", "title": "b"}') == {"title": "b", "pages": 1}


async def test_faults_of_models_have_the_same_shape() -> None:
    """What pydantic finds is told as what we find, with its path, within a Struct as well."""
    assert await faults(_book, body=b'{"pages": 0}') == [("body", ["title"], "missing"), ("body", ["pages"], "invalid")]
    body = b'{"books": [{"title": 1}], "shelf": {"name": 1, "books": [{}, {"title": "a", "pages": 0}]}}'
    assert await faults(_books, body=body) == [
        ("body", ["books", 0, "title"], "invalid"),
        ("body", ["shelf", "name"], "invalid"),
        ("body", ["shelf", "books", 0, "title"], "missing"),
        ("body", ["shelf", "books", 1, "pages"], "invalid"),
    ]


class Moment(BaseModel):
    model_config = ConfigDict(strict=True)
    at: dt.datetime


async def test_model_means_the_same_beside_another_body() -> None:
    """A strict model takes a date of a JSON text, whether it is the whole body, a key of it or a field of a Struct."""

    class Holder(msgspec.Struct):
        moment: Moment

    async def alone(moment: Moment) -> object:
        return moment

    async def beside(moments: list[Moment], holder: Holder, moment: Moment | None = None) -> list[object]:
        return [moments, holder, moment]

    moment = {"at": "2026-01-02T03:04:05Z"}
    assert await call(alone, body=encode(moment)) == moment
    body = {"moments": [moment], "holder": {"moment": moment}}
    assert await call(beside, body=encode(body)) == [[moment], {"moment": moment}, None]
    wrong = {"moments": [moment, {"at": 1}], "holder": {"moment": {}}, "moment": {}}
    assert await faults(beside, body=encode(wrong)) == [
        ("body", ["moments", 1, "at"], "invalid"),
        ("body", ["holder", "moment", "at"], "missing"),
        ("body", ["moment", "at"], "missing"),
    ]


async def test_rules_of_a_list_of_models() -> None:
    """Lengths that a marker or msgspec.Meta sets hold for what pydantic reads as well."""

    async def marked(books: Annotated[list[Book], Body(min_length=1, max_length=2)]) -> int:
        return len(books)

    async def meta(books: Annotated[list[Book], msgspec.Meta(max_length=2)], other: dict[str, int]) -> int:
        return len(books)

    book = {"title": "a"}
    assert await call(marked, body=encode([book])) == 1
    assert await faults(marked, body=b"[]") == [("body", [], "invalid")]
    assert await faults(marked, body=encode([book] * 3)) == [("body", [], "invalid")]
    assert await faults(meta, body=encode({"books": [book] * 3, "other": {}})) == [("body", ["books"], "invalid")]


async def test_words_for_no_number_may_stand_in_a_text() -> None:
    """``NaN`` is refused as a value only."""
    assert await call(_book, body=b'{"title": "NaN and Infinity"}') == {"title": "NaN and Infinity", "pages": 1}


async def test_body_is_read_once_for_everyone() -> None:
    """A request beside the typed body reads the same bytes."""

    async def handler(order: Order, request: Request) -> object:
        return {"size": len(await request.body())}

    assert await call(handler, body=ORDER) == {"size": len(ORDER)}


async def test_body_over_the_limit_is_refused() -> None:
    """The limit of the application holds for typed bodies."""
    with pytest.raises(PayloadTooLarge):
        await call(_order, body=ORDER, limit=10)


def test_class_that_nobody_makes_from_json_is_refused() -> None:
    """A field of a foreign class is found when the plan is made, and named."""
    from openviper.routing.bodies import BodyReader
    from openviper.routing.signatures import read_signature

    async def handler(thing: dict[str, list[HTTPException]]) -> None: ...

    with pytest.raises(RouteError, match="HTTPException"):
        BodyReader(read_signature(handler).arguments, "handler")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["title", "lines", "sku", "qty"]), inner)
    ),
    max_leaves=12,
)


@given(body=JSON_VALUES.map(encode) | st.binary(max_size=60))
async def test_any_body_is_taken_or_refused_with_a_place(body: bytes) -> None:
    """Whatever a client sends is an order, or a refusal that says where; never a failure."""
    status = 200
    try:
        await call(_order, body=body)
    except HTTPException as error:
        status = error.status_code
    assert status in (200, 400, 422)


async def test_body_that_comes_in_pieces() -> None:
    """Pieces are put together, an early end is the client's, and what a middleware has read already counts."""
    half = len(ORDER) // 2
    route = Route.build("/", _order, methods=("POST",), name=None)
    plan = compile_plan(route, max_body_bytes=1_000)
    scope: Scope = {"type": "http", "method": "POST", "headers": JSON, "query_string": b""}

    def receiving(*messages: Message) -> Receive:
        left = list(messages)

        async def receive() -> Message:
            return left.pop(0)

        return receive

    first: Message = {"type": "http.request", "body": ORDER[:half], "more_body": True}
    last: Message = {"type": "http.request", "body": ORDER[half:], "more_body": False}
    expected = b'{"title":"a","lines":[{"sku":"xx","qty":1}],"at":null}'
    assert await plan(dict(scope), receiving(first, last), ()) == expected
    with pytest.raises(ClientDisconnectedError):
        await plan(dict(scope), receiving(first, {"type": "http.disconnect"}), ())
    read = dict(scope)
    assert await Request(read, receiving(first, last)).body() == ORDER
    assert await plan(read, receiving(), ()) == expected
    streamed = dict(scope)
    assert [piece async for piece in Request(streamed, receiving(first, last)).stream()]
    with pytest.raises(BodyConsumedError):
        await plan(streamed, receiving(), ())

"""An application with a handler for every way in which a client can say something."""

import asyncio
import dataclasses
import datetime as dt
import decimal
import enum
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

import msgspec
import pydantic

from openviper import Body, Cookie, Depends, File, Form, Header, OpenViper, Query, Request
from openviper.exceptions import BadRequest
from openviper.http.response import FileResponse, RedirectResponse, Response, StreamingResponse
from openviper.http.uploads import UploadFile
from openviper.http.views import View, action
from openviper.types import Receive, Scope, Send

MIDDLEWARE = (
    "openviper.middleware.request_id.RequestIDMiddleware",
    "openviper.middleware.proxies.ProxyHeadersMiddleware",
    "openviper.middleware.compression.CompressionMiddleware",
    "openviper.middleware.security.SecurityMiddleware",
    "openviper.middleware.cors.CORSMiddleware",
    "openviper.middleware.body_limit.BodyLimitMiddleware",
    "openviper.middleware.auth.AuthenticationMiddleware",
)
#: Settings under which every middleware has something to do, and limits are small enough to be passed in a test.
SETTINGS: dict[str, Any] = {
    "DEBUG": False,
    "MIDDLEWARE": MIDDLEWARE,
    "TRUSTED_PROXIES": ("127.0.0.1",),
    "TRUSTED_PROXY_HEADERS": (
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-prefix",
    ),
    "TRUST_REQUEST_ID": True,
    "CORS_ALLOWED_ORIGINS": ("https://friend.example",),
    "SECURE_CONTENT_SECURITY_POLICY": "script-src 'nonce'",
    "COMPRESSION_MIN_SIZE": 100,
    "MAX_BODY_SIZE": 200_000,
    "MAX_UPLOAD_SIZE": 400_000,
    "MAX_FILE_SIZE": 150_000,
    "MAX_FIELD_SIZE": 50_000,
    "UPLOAD_MEMORY_SIZE": 10_000,
}


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Line(msgspec.Struct):
    sku: str
    quantity: Annotated[int, msgspec.Meta(ge=1)]
    price: decimal.Decimal | None = None


class Order(msgspec.Struct):
    lines: list[Line]
    number: int = 0
    due: dt.date | None = None
    extra: Any = None


@dataclasses.dataclass
class Point:
    x: float
    y: float = 0.0
    label: str = ""
    rest: dict[str, Any] = dataclasses.field(default_factory=dict)


class Note(TypedDict):
    text: str
    tags: list[str]


class Model(pydantic.BaseModel):
    name: str
    size: int = 0
    when: dt.datetime | None = None
    inner: "Model | None" = None


class Filters(msgspec.Struct):
    page: int = 1
    sort: str = "name"
    wanted: list[int] = []


async def opened() -> AsyncIterator[str]:
    yield "resource"


def opened_in_thread(page: int = 1) -> Iterator[int]:
    yield page


class Things(View):
    async def get(self, request: Request, thing_id: int) -> dict[str, int]:
        return {"id": thing_id}

    async def put(self, request: Request, thing_id: int, body: Point) -> Point:
        return body

    @action(methods=["POST"], detail=True)
    async def paint(self, request: Request, thing_id: int, colour: Colour) -> str:
        return colour.value


async def foreign(scope: Scope, receive: Receive, send: Send) -> None:
    """An application of another framework, which reads the body and tells its length and the path."""
    if scope["type"] != "http":
        raise RuntimeError("http alone")
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = f"{size} {scope['path']!a} {scope['root_path']!a}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body})


def make_app(folder: Path, **options: Any) -> OpenViper:
    """Make the application; files are sent from a folder."""
    app = OpenViper(routes=[], **options)
    _add_values(app)
    _add_groups(app)
    _add_bodies(app)
    _add_readers(app)
    _add_files(app, folder)
    _add_answers(app)
    _add_echoes(app)
    app.mount("/foreign", foreign)
    return app


def _add_values(app: OpenViper) -> None:
    @app.get("/int/{number:int}")
    async def of_int(number: int) -> dict[str, int]:
        return {"number": number}

    @app.get("/implied/{number}/{rate}")
    async def of_annotations(number: int, rate: float) -> list[float]:
        return [number, rate]

    @app.get("/str/{text}")
    async def of_text(text: str) -> dict[str, str]:
        return {"text": text}

    @app.get("/uuid/{key:uuid}")
    async def of_uuid(key: uuid.UUID) -> uuid.UUID:
        return key

    @app.get("/path/{rest:path}")
    async def of_path(rest: str) -> str:
        return rest

    @app.get("/file/{name}.json/")
    async def of_parts(name: str, request: Request) -> dict[str, object]:
        return request.path_params

    @app.get("/query")
    async def of_query(
        *,
        number: int = 0,
        ratio: float = 0.0,
        price: decimal.Decimal = decimal.Decimal(0),
        day: dt.date | None = None,
        at: dt.datetime | None = None,
        clock: dt.time | None = None,
        length: dt.timedelta | None = None,
        key: uuid.UUID | None = None,
        colour: Colour = Colour.RED,
        size: Literal[1, 2] = 1,
        is_new: bool = False,
        name: Annotated[str, Query(max_length=50, pattern="^[^<]*$")] = "",
        ids: Annotated[list[int], Query()] = [],  # noqa: B006 - each request gets a copy
    ) -> dict[str, object]:
        return {"number": number, "at": at, "length": length, "name": name, "ids": ids, "colour": colour, "day": day}


def _add_groups(app: OpenViper) -> None:
    @app.get("/filters")
    async def of_filters(filters: Annotated[Filters, Query()]) -> Filters:
        return filters

    @app.get("/heads")
    async def of_heads(
        x_number: Annotated[int, Header()] = 0,
        x_day: Annotated[dt.date | None, Header()] = None,
        session: Annotated[str, Cookie()] = "",
        count: Annotated[int, Cookie()] = 0,
    ) -> dict[str, object]:
        return {"number": x_number, "day": x_day, "session": session, "count": count}

    @app.get("/request")
    async def of_request(request: Request) -> dict[str, object]:
        return {
            "url": str(request.url),
            "host": request.url.hostname,
            "query": [*request.query_params.items()],
            "headers": [*request.headers.items()],
            "cookies": request.cookies,
            "client": request.client,
            "id": request.request_id,
        }


def _add_bodies(app: OpenViper) -> None:
    @app.post("/struct")
    async def struct(order: Order) -> Order:
        return order

    @app.post("/structs")
    async def structs(lines: list[Line]) -> list[Line]:
        return lines

    @app.post("/dataclass")
    async def dataclass(point: Point) -> Point:
        return point

    @app.post("/typed-dict")
    async def typed_dict(note: Note) -> Note:
        return note

    @app.post("/model")
    async def model(model: Model) -> Model:
        return model

    @app.post("/keys")
    async def keys(first: Line, second: Annotated[Any, Body()], note: Annotated[str, Body()] = "") -> list[object]:
        return [first, second, note]

    @app.post("/any")
    async def anything(value: Annotated[Any, Body()]) -> dict[str, object]:
        return {"value": value}


def _add_readers(app: OpenViper) -> None:
    @app.post("/json")
    async def of_json(request: Request) -> dict[str, object]:
        return {"value": await request.json()}

    @app.post("/text")
    async def of_text(request: Request) -> str:
        return await request.text()

    @app.post("/stream")
    async def of_stream(request: Request) -> dict[str, int]:
        return {"size": sum([len(piece) async for piece in request.stream(max_bytes=100_000)])}

    @app.post("/form")
    async def of_form(
        name: Annotated[str, Form()],
        count: Annotated[int, Form()] = 0,
        files: Annotated[list[UploadFile], File()] = [],  # noqa: B006 - as above
    ) -> dict[str, object]:
        return {"name": name, "count": count, "files": [[one.filename, one.size] for one in files]}

    @app.post("/whole-form")
    async def of_whole_form(request: Request) -> list[object]:
        form = await request.form()
        return [[name, one if isinstance(one, str) else one.filename] for name, one in form.multi_items()]

    @app.post("/sync")
    def blocking(order: Order, resource: Annotated[str, Depends(opened)]) -> list[object]:
        return [order, resource]


def _add_files(app: OpenViper, folder: Path) -> None:
    @app.get("/download/{name:path}")
    async def download(name: str) -> FileResponse:
        # No Path: it interns each part of what it is given, and Python 3.12 keeps an interned text for good.
        return FileResponse(f"{folder}/{name}", allowed_dir=folder)

    @app.get("/saved")
    async def saved(name: str = "a") -> FileResponse:
        return FileResponse(folder / "large.txt", filename=name)


def _add_answers(app: OpenViper) -> None:
    @app.get("/go")
    async def go(to: str = "/") -> Response:
        if not to.startswith("/"):
            raise BadRequest("That is another place.")
        try:
            return RedirectResponse(to)
        except ValueError as error:
            raise BadRequest("There is no such place.") from error

    @app.get("/numbers")
    async def numbers(count: Annotated[int, Query(ge=0, le=1000)] = 10) -> StreamingResponse:
        return StreamingResponse(f"{number} " for number in range(count))

    @app.get("/slow")
    async def slow() -> AsyncIterator[str]:
        yield "one"
        await asyncio.sleep(0)
        yield "two"

    @app.get("/depends")
    async def depends(
        one: Annotated[str, Depends(opened)], two: Annotated[int, Depends(opened_in_thread)]
    ) -> list[object]:
        return [one, two]


def _add_echoes(app: OpenViper) -> None:
    @app.get("/link")
    async def link(request: Request, name: str = "x") -> str:
        try:
            return request.url_for("of_path", rest=name)
        except ValueError as error:
            raise BadRequest("There is no such address.") from error

    @app.get("/slash/")
    async def slash() -> str:
        return "slash"

    @app.get("/cookie")
    async def cookie(value: str = "") -> Response:
        response = Response("set")
        try:
            response.set_cookie("kept", value)
        except ValueError as error:
            raise BadRequest("That is no value of a cookie.") from error
        return response

    Things.register(app, "/things", name="things")

"""Whatever a client sends, it gets one answer that is no error of the server, and leaves nothing behind."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from openviper import OpenViper
from openviper.testing import TestClient, override_settings
from openviper.types import RawHeaders, Scope
from tests.integration.hostile import everything
from tests.integration.hostile.attacks import FORM, JSON, MULTIPART, form, make_scope, part
from tests.integration.hostile.exchanges import Answer, ask
from tests.unit.http.deliveries import open_files

# The fixture is one site for all examples of a test, which is what a server is for its clients.
shared_site = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


class Site:
    """An application that runs, and what must be the same after each request."""

    def __init__(self, runner: asyncio.Runner, app: OpenViper, temporary: Path) -> None:
        self._runner = runner
        self._app = app
        self._temporary = temporary

    def ask(self, scope: Scope, body: bytes = b"", *, size: int = 1 << 20, leaves: bool = False) -> Answer | None:
        """Send a request whose body comes in pieces of a size, and check that nothing is left of it."""
        pieces = [body[start : start + size] for start in range(0, len(body), size)] or [b""]
        files = open_files()
        answer = self._runner.run(self._exchange(scope, pieces, leaves=leaves))
        assert open_files() == files
        assert list(self._temporary.iterdir()) == []
        return answer

    async def _exchange(self, scope: Scope, pieces: list[bytes], *, leaves: bool) -> Answer | None:
        tasks = asyncio.all_tasks()
        answer = await ask(self._app, scope, pieces, leaves=leaves)
        assert asyncio.all_tasks() == tasks
        if answer is not None and not leaves:
            assert answer.status < 500, answer.body[:500]
        return answer


@pytest.fixture(params=[False, True], ids=["production", "debug"])
def site(request: pytest.FixtureRequest, files: Path, tmp_path: Path) -> Iterator[Site]:
    temporary = tmp_path / "uploads"
    temporary.mkdir()
    given = {"UPLOAD_TEMP_DIR": str(temporary), "STATICFILES_DIRS": (str(files),), "MEDIA_ROOT": str(files)}
    with override_settings(**{**everything.SETTINGS, **given}), asyncio.Runner() as runner:
        app = everything.make_app(files, debug=request.param)
        client = TestClient(app)
        runner.run(client.__aenter__())
        site = Site(runner, app, temporary)
        # Plans, threads and modules are made by the first requests, and stay.
        for target in (b"/download/a.txt", b"/static/a.txt", b"/depends", b"/numbers"):
            site.ask(make_scope("GET", target, [(b"host", b"localhost")]))
        yield site
        runner.run(client.__aexit__(None, None, None))


def without_line_ends(text: bytes) -> bytes:
    return text.translate(None, b"\r\n\0")


# Bytes as a header may hold them: servers refuse line ends and NUL.
VALUES = st.one_of(
    st.binary(max_size=60).map(without_line_ends),
    st.text(max_size=30).map(lambda text: without_line_ends(text.encode("utf-8", "surrogatepass"))),
    st.from_regex(rb'[a-z0-9*/;,="\\ .:\[\]@%-]{0,60}', fullmatch=True),
)
PIECES = st.one_of(
    st.sampled_from(
        [b"..", b".", b"", b"%2f", b"%00", b"%5c", b"%ed%a0%80", b"%ff", b"a.txt", b"1", b"-1", b"%0d%0a", b"%25"]
    ),
    st.text(max_size=10).map(lambda text: quote_from_bytes(text.encode("utf-8", "surrogatepass")).encode()),
    st.from_regex(rb"[!-~]{0,10}", fullmatch=True).map(lambda text: text.replace(b"?", b"").replace(b"#", b"")),
    st.integers().map(lambda number: b"%d" % number),
)
PLACES = st.sampled_from(
    [
        b"/int/", b"/implied/", b"/str/", b"/uuid/", b"/path/", b"/file/", b"/download/", b"/static/", b"/media/",
        b"/things/", b"/foreign/", b"/slash", b"/query", b"/request", b"/", b"//", b"", b"/go", b"/link",
    ]
)  # fmt: skip
METHODS = st.one_of(
    st.sampled_from(["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "TRACE", "get"]),
    st.from_regex(r"[A-Z!#$%&'*+.^_`|~-]{1,20}", fullmatch=True),
)
NAMES = st.sampled_from(
    [
        b"host", b"accept", b"accept-encoding", b"range", b"if-range", b"if-match", b"if-none-match", b"cookie",
        b"if-modified-since", b"if-unmodified-since", b"content-type", b"content-length", b"transfer-encoding",
        b"origin", b"access-control-request-method", b"access-control-request-headers", b"x-request-id", b"x-day",
        b"x-number", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port",
        b"x-forwarded-prefix", b"forwarded", b"authorization", b"expect", b"upgrade", b"connection", b"x",
    ]
)  # fmt: skip
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=6)
FIELD_NAMES = [name.encode() for name in ("number", "ratio", "price", "day", "at", "clock", "length", "key", "colour")]
QUERIES = st.lists(
    st.tuples(
        st.sampled_from([*FIELD_NAMES, b"size", b"is_new", b"name", b"ids", b"to", b"value", b"count"]), PIECES | VALUES
    ),
    max_size=4,
).map(lambda pairs: b"&".join([b"%b=%b" % pair for pair in pairs]))
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "lines",
                    "sku",
                    "quantity",
                    "price",
                    "x",
                    "y",
                    "rest",
                    "name",
                    "inner",
                    "when",
                    "text",
                    "tags",
                    "first",
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)
DISPOSITIONS = st.one_of(
    st.sampled_from([b'name="name"', b'name="files"; filename="a"', b'name="count"', b'name="files"; filename=""']),
    VALUES,
    VALUES.map(lambda name: b'name="files"; filename="%b"' % name),
)
FORMS = st.lists(
    st.builds(part, DISPOSITIONS, st.binary(max_size=30) | st.just(b"x" * 11_000), VALUES), max_size=4
).map(lambda parts: form(*parts))


@st.composite
def spoiled(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """A body that is right, or has been cut, doubled or changed somewhere."""
    body = draw(whole)
    at = draw(st.integers(0, len(body)))
    end = draw(st.integers(at, min(len(body), at + 20)))
    return draw(st.sampled_from([body, body[:at], body[:at] + body, body[:at] + draw(VALUES) + body[end:]]))


def as_request(method: str, target: bytes, fields: RawHeaders) -> Scope:
    present = {name for name, _ in fields}
    return make_scope(method, target, [*fields, *([] if b"host" in present else [(b"host", b"localhost")])])


@shared_site
@given(METHODS, PLACES, st.lists(PIECES, max_size=4), QUERIES, FIELDS)
@example("GET", b"/slash", [], b"\\", [])
@example("GET", b"/query", [], b"length=-P1D", [])
@example("GET", b"@evil.example", [], b"", [])
def test_request_line_and_head(
    site: Site, method: str, place: bytes, pieces: list[bytes], query: bytes, fields: RawHeaders
) -> None:
    """Any method, path, query and head."""
    target = place + b"/".join(pieces)
    site.ask(as_request(method, target + b"?" + query if query else target, fields))


@shared_site
@given(
    st.sampled_from([b"/query", b"/filters", b"/heads", b"/request", b"/go", b"/cookie", b"/saved", b"/link"]),
    QUERIES,
    FIELDS,
)
def test_values(site: Site, place: bytes, query: bytes, fields: RawHeaders) -> None:
    """Any values of the query, of headers and of cookies."""
    site.ask(as_request("GET", place + b"?" + query, fields))


@shared_site
@given(
    st.sampled_from(
        [b"/struct", b"/structs", b"/dataclass", b"/typed-dict", b"/model", b"/keys", b"/any", b"/json", b"/sync"]
    ),
    spoiled(JSON_VALUES.map(lambda value: json.dumps(value).encode())),
    st.integers(1, 200),
    st.booleans(),
)
@example(b"/json", b"[" * 990 + b"]" * 990, 10_000, False)
@example(b"/struct", b'{"lines":[],"extra":' + b"[" * 940 + b"]" * 940 + b"}", 10_000, False)
def test_json(site: Site, place: bytes, body: bytes, size: int, leaves: bool) -> None:
    """Any JSON, or what is nearly JSON, in pieces of any size."""
    site.ask(as_request("POST", place, [(b"content-type", JSON)]), body, size=size, leaves=leaves)


@shared_site
@given(st.sampled_from([b"/form", b"/whole-form", b"/foreign/x"]), spoiled(FORMS), st.integers(1, 5000), st.booleans())
def test_form_with_files(site: Site, place: bytes, body: bytes, size: int, leaves: bool) -> None:
    """Any form, or what is nearly one; a client may leave at any place, and no file stays."""
    site.ask(as_request("POST", place, [(b"content-type", MULTIPART)]), body, size=size, leaves=leaves)


@shared_site
@given(
    st.sampled_from([b"/form", b"/whole-form"]),
    spoiled(QUERIES.map(lambda query: b"name=x&" + query)),
    st.integers(1, 50),
)
def test_encoded_form(site: Site, place: bytes, body: bytes, size: int) -> None:
    """Any form without files."""
    site.ask(as_request("POST", place, [(b"content-type", FORM)]), body, size=size)


@shared_site
@given(
    st.sampled_from([b"/download/a.txt", b"/download/large.txt", b"/saved", b"/static/a.txt"]),
    st.lists(
        st.tuples(st.integers(-400, 400_000) | st.just(""), st.integers(0, 400_000) | st.just("")), max_size=20
    ).map(lambda pairs: "bytes=" + ",".join(f"{first}-{last}" for first, last in pairs)),
    FIELDS,
)
def test_ranges(site: Site, target: bytes, ranges: str, fields: RawHeaders) -> None:
    """Any parts of a file, which are never larger together than the file and their heads."""
    answer = site.ask(as_request("GET", target, [*fields, (b"range", ranges.encode())]))
    assert answer is not None
    assert len(answer.body) < 310_000

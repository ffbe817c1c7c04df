"""Forms of both kinds, and what they share with the body."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.exceptions import BadRequest, HTTPException, PayloadTooLarge, UnsupportedMediaType
from openviper.http.exceptions import BodyConsumedError, ClientDisconnectedError
from openviper.http.forms import Fields, FormData, Uploads
from openviper.http.limits import FormLimits
from openviper.http.request import Request
from openviper.http.uploads import UploadFile
from openviper.testing.uploads import encode_form
from openviper.types import Scope
from tests.unit.http.deliveries import cut, delivered, form_of, multipart, part, post, urlencoded

UPLOAD = form_of(part('name="title"', b"Viper"), part('name="file"; filename="../a.txt"', b"content"))


def request_of(scope: Scope, body: bytes, size: int = 1000) -> Request:
    return Request(scope, delivered(cut(body, size)))


def test_last_value_of_a_name_counts() -> None:
    """The mapping gives the last value, and every value in order is at hand (C-312)."""
    form = FormData([("a", "1"), ("b", "2"), ("a", "3")])

    assert form["a"] == form.get("a") == "3"
    assert form.getlist("a") == ["1", "3"]
    assert form.multi_items() == [("a", "1"), ("b", "2"), ("a", "3")]
    assert dict(form) == {"a": "3", "b": "2"}
    assert (len(form), list(form), "a" in form, "c" in form) == (2, ["a", "b"], True, False)


def test_name_that_was_not_sent_is_absent() -> None:
    """Only the brackets raise."""
    form = FormData()

    assert form.get("a") is None
    assert form.get("a", "none") == "none"
    assert form.getlist("a") == []
    with pytest.raises(KeyError):
        _ = form["a"]


def test_values_are_not_shown() -> None:
    """A form in a log or on a debug page tells names only."""
    assert repr(FormData([("user", "ada"), ("password", "secret")])) == "FormData('user', 'password')"
    assert repr(Fields([("a", 1)])) == "Fields('a')"


async def test_files_are_the_uploads_of_the_form() -> None:
    """The files alone are a mapping of the same kind, and a file is read by awaiting (C-309)."""
    files = await request_of(multipart(), UPLOAD).files()

    file = files.get("file")
    assert isinstance(files, Uploads)
    assert list(files) == ["file"]
    assert file is not None
    assert (file.filename, await file.read()) == ("a.txt", b"content")


@pytest.mark.parametrize("order", ["form files", "files form", "form form files files"])
async def test_form_and_files_may_be_asked_in_any_order(order: str) -> None:
    """Both may be called on one request in any order, on any of its objects (C-312)."""
    scope = multipart()
    receive = delivered(cut(UPLOAD, 10))
    found = [await getattr(Request(scope, receive), name)() for name in order.split()]

    forms = [it if isinstance(it, FormData) else None for it in found]
    assert {form["title"] for form in forms if form is not None} == {"Viper"}
    assert all(it["file"] is found[0]["file"] for it in found)


async def test_form_may_be_awaited_by_several_at_once() -> None:
    """Whoever comes second waits for the first."""
    scope = multipart()
    receive = delivered(cut(UPLOAD, 10))
    form, files = await asyncio.gather(Request(scope, receive).form(), Request(scope, receive).files())

    assert form["file"] is files["file"]


@pytest.mark.parametrize(
    ("body", "pairs"),
    [
        (b"", []),
        (b"a=1&b=2", [("a", "1"), ("b", "2")]),
        (b"a=1&a=2&&a", [("a", "1"), ("a", "2"), ("a", "")]),
        (b"a+b=%C3%BC+%2B%26%3d&=x", [("a b", "ü +&="), ("", "x")]),
        (b"a=1;b=2", [("a", "1;b=2")]),
        ("a=ü".encode(), [("a", "ü")]),
    ],
)
async def test_plain_form_is_decoded(body: bytes, pairs: list[tuple[str, str]]) -> None:
    """Escapes, plus signs, repeated and empty names are read; the bytes stay at hand."""
    request = request_of(urlencoded(), body, size=2)

    assert (await request.form()).multi_items() == pairs
    assert len(await request.files()) == 0
    assert await request.body() == body


async def test_long_plain_form_is_decoded_alike() -> None:
    """A form that takes long is decoded off the loop, to the same result."""
    form = await request_of(urlencoded(), b"a=" + b"%41" * 100_000 + b"&b=1", size=50_000).form()
    assert form.multi_items() == [("a", "A" * 100_000), ("b", "1")]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"a=%", "percent sign without two hexadecimal digits at byte 2"),
        (b"a=%4", "percent sign"),
        (b"%zz=1", "percent sign"),
        (b"a=%ff", "not UTF-8"),
        (b"a=\xff", "not UTF-8"),
        (b"a=%ED%A0%80", "not UTF-8"),
        (b"a=%00", "NUL"),
        (b"%00=a", "NUL"),
    ],
)
async def test_malformed_plain_form_is_refused(body: bytes, says: str) -> None:
    """Each fault is a 400 that names it, at every call."""
    request = request_of(urlencoded(), body)

    for _ in range(2):
        with pytest.raises(BadRequest, match=says):
            await request.form()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"a=1&" * 3 + b"a=1", "more than 3 fields"),
        (b"a=" + b"%41" * 11, "A field of the form is larger than 10 bytes"),
        (b"a=" + b"1" * 11, "A field of the form is larger than 10 bytes"),
        (b"a" * 21 + b"=1", "name of a field of the form is longer than 20 bytes"),
        (b"%41" * 21, "name of a field of the form is longer than 20 bytes"),
    ],
)
async def test_limits_hold_for_plain_forms(body: bytes, says: str) -> None:
    """What passes a limit is a 413 that tells which."""
    with pytest.raises(PayloadTooLarge, match=says):
        await request_of(urlencoded(), body).form(FormLimits(max_fields=3, max_field_bytes=10, max_header_bytes=20))


async def test_plain_form_is_limited_like_any_body() -> None:
    """The limit of the request holds for it."""
    with pytest.raises(PayloadTooLarge, match="larger than 5 bytes"):
        await Request(urlencoded(), delivered([b"a=1234"]), max_body_bytes=5).form()


@given(st.binary(max_size=60) | st.text(alphabet="a=&%+0fz;", max_size=40).map(str.encode))
def test_garbage_is_answered_with_a_client_error(body: bytes) -> None:
    """Bytes without sense give a form or a 4xx, and nothing else."""
    outcome = asyncio.run(outcome_of(request_of(urlencoded(), body)))

    if isinstance(outcome, HTTPException):
        assert 400 <= outcome.status_code < 500
    else:
        assert all(isinstance(value, str) for value in outcome.values())


async def outcome_of(request: Request) -> FormData | HTTPException:
    try:
        return await request.form()
    except HTTPException as error:
        return error


# Browsers escape quotes and line breaks only, so a percent sign or a backslash in a name can be read in two ways.
NAMES = st.text(st.characters(exclude_characters="%\\", exclude_categories=["Cs", "Cc"]), min_size=1)
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@given(st.lists(st.tuples(NAMES, TEXT)))
def test_client_and_server_agree(fields: list[tuple[str, str]]) -> None:
    """What the test client writes is what a request reads."""
    body, content_type = encode_form(fields, {})

    form = asyncio.run(request_of(post(content_type), body).form())
    assert form.multi_items() == fields


@pytest.mark.parametrize(
    "content_type",
    ["", "application/json", "text/plain", "multipart/mixed; boundary=limit", "application/x-www-form-urlencodedx"],
)
async def test_body_that_is_no_form_is_refused(content_type: str) -> None:
    """Any other type is a 415, and its bytes can still be read; without a body the form is empty."""
    request = request_of(post(content_type), b'{"a": 1}')

    with pytest.raises(UnsupportedMediaType, match="form is expected"):
        await request.form()
    assert await request.json() == {"a": 1}
    assert await request_of(post(content_type), b"").form() == {}


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=a; boundary=limit",
        "multipart/form-data; boundary=" + "a" * 71,
        'multipart/form-data; boundary="limit',
        "multipart/form-data; boundary=limit; =x",
        "multipart/form-data boundary=limit",
    ],
)
async def test_content_type_that_can_be_read_in_two_ways_is_refused(content_type: str) -> None:
    """Without one clear boundary there is no form."""
    with pytest.raises(HTTPException) as caught:
        await request_of(post(content_type), UPLOAD).form()
    assert caught.value.status_code in (400, 415)


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data; boundary=limit",
        'Multipart/Form-Data;charset=utf-8;Boundary="limit"',
        'multipart/form-data ; boundary="l\\imit" ; ',
    ],
)
async def test_content_type_is_read_as_the_rules_say(content_type: str) -> None:
    """Letters of either case, quotes, escapes and further parameters are understood."""
    assert (await request_of(post(content_type), UPLOAD).form())["title"] == "Viper"


async def test_other_charset_of_a_plain_form_is_refused() -> None:
    """Text in another charset would be read as something else."""
    with pytest.raises(UnsupportedMediaType, match="UTF-8"):
        await request_of(post("application/x-www-form-urlencoded; charset=utf-16"), b"a=1").form()


async def test_form_is_read_from_a_kept_body() -> None:
    """After body() the form comes from the same bytes, and both stay."""
    request = request_of(multipart(), UPLOAD, size=20)

    assert await request.body() == UPLOAD
    assert (await request.form())["title"] == "Viper"
    assert await request.body() == UPLOAD


async def test_body_is_gone_after_a_form_with_files() -> None:
    """It was read piece by piece, and the error says what to do."""
    request = request_of(multipart(), UPLOAD)
    await request.form()

    with pytest.raises(BodyConsumedError, match=r"call body\(\) first"):
        await request.body()
    with pytest.raises(BodyConsumedError):
        _ = [piece async for piece in request.stream()]


async def test_form_after_a_stream_is_refused() -> None:
    """The body is gone then."""
    request = request_of(multipart(), UPLOAD)
    _ = [piece async for piece in request.stream()]

    with pytest.raises(BodyConsumedError):
        await request.form()


async def test_failed_form_fails_again() -> None:
    """Half of a body is never taken for another form."""
    request = request_of(multipart(), UPLOAD[:-10])

    for _ in range(2):
        with pytest.raises(BadRequest, match="malformed"):
            await request.form()


async def test_client_that_goes_away_ends_the_form() -> None:
    """A form that is cut off raises, and keeps no file open."""
    request = Request(multipart(), delivered([UPLOAD[:50]], lost=True))

    for _ in range(2):
        with pytest.raises(ClientDisconnectedError):
            await request.form()


async def test_upload_may_be_larger_than_a_body_in_memory() -> None:
    """MAX_BODY_SIZE is for what stays in memory; the whole has a limit of its own, announced or not."""
    body = form_of(part('name="file"; filename="a"', b"1" * 3000))
    limits = FormLimits(max_upload_bytes=len(body))

    request = Request(multipart(), delivered(cut(body, 100)), max_body_bytes=1000)
    form = await request.form(limits)
    assert form.uploads["file"].size == 3000
    await form.close()
    smaller = FormLimits(max_upload_bytes=len(body) - 1)
    with pytest.raises(PayloadTooLarge, match=f"larger than {len(body) - 1} bytes"):
        await Request(multipart(), delivered(cut(body, 100)), max_body_bytes=1000).form(smaller)


async def test_files_are_closed_by_the_end_of_the_request() -> None:
    """What closes them stands in the scope, for whoever serves the request."""
    request = request_of(multipart(), UPLOAD)
    files = await request.files()
    closers: list[Callable[[], object]] = request.scope["openviper.closers"]

    assert len(closers) == 1
    await (await request.form()).close()
    assert files["file"].closed


@pytest.mark.parametrize("scope", [urlencoded(), post()])
async def test_form_without_files_leaves_nothing_to_close(scope: Scope) -> None:
    """Requests without files are not burdened."""
    await request_of(scope, b"").form()
    assert "openviper.closers" not in scope


def test_form_tells_its_uploads() -> None:
    """Text is not among them."""
    form = FormData([("a", "1")])
    assert form.uploads == {}
    assert not any(isinstance(value, UploadFile) for value in form.values())

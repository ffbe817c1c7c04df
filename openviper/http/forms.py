"""Forms: the fields and files of a request."""

import asyncio
import re
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar
from urllib.parse import unquote_to_bytes

from openviper.core.context import CLOSERS
from openviper.exceptions import BadRequest, HTTPException, PayloadTooLarge, UnsupportedMediaType
from openviper.http.bodies import find_header, read_body, stream_body
from openviper.http.exceptions import ClientDisconnectedError
from openviper.http.limits import FormLimits, form_limits
from openviper.http.multidict import MultiDict
from openviper.http.uploads import UploadFile
from openviper.primitives.threads import run_in_thread
from openviper.types import Receive, Scope

__all__ = ["Fields", "FormData", "Uploads", "read_form"]

V = TypeVar("V")
T = TypeVar("T")

_FORM: Final = "openviper.form"
_FORM_LOCK: Final = "openviper.form.lock"

_URLENCODED: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/form-data"
# RFC 9110 5.6.6; a value is a token or stands in quotes.
_PARAMETER: Final = re.compile(r';[ \t]*(?:([\w!#$%&\'*+.^`|~-]+)=(?:"((?:\\.|[^"\\])*)"|([^\s;"]*)))?[ \t]*', re.ASCII)
_STRAY_PERCENT: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
# Decoding 10 MiB of escapes takes 0.4 s, and this much 3 ms; what is longer is left to a thread.
_LONG: Final = 64 * 1024


class Fields(MultiDict[V]):
    """The values of a form by the names of its fields, and in the order sent.

    Args:
        pairs: Names and values.
    """

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Iterable[tuple[str, V]] = ()) -> None:
        self._pairs = tuple(pairs)
        lists: dict[str, list[V]] = {}
        for name, value in self._pairs:
            lists.setdefault(name, []).append(value)
        super().__init__(lists)

    def multi_items(self) -> list[tuple[str, V]]:
        """Give every pair in the order sent, where ``items()`` gives each name once with its last value."""
        return list(self._pairs)


class Uploads(Fields[UploadFile]):
    """The files of a form by the names of their fields."""

    __slots__ = ()


class FormData(Fields[str | UploadFile]):
    """The fields of a form: text, and files as ``UploadFile``."""

    __slots__ = ("_uploads",)

    def __init__(self, pairs: Iterable[tuple[str, str | UploadFile]] = ()) -> None:
        super().__init__(pairs)
        self._uploads = Uploads([(name, value) for name, value in self._pairs if isinstance(value, UploadFile)])

    @property
    def uploads(self) -> Uploads:
        """Only the files."""
        return self._uploads

    async def close(self) -> None:
        """Drop the content of every file; done at the end of the request by itself."""
        for _, upload in self._uploads.multi_items():
            await upload.close()


async def read_form(scope: Scope, receive: Receive, max_body_bytes: int, limits: FormLimits | None = None) -> FormData:
    """Read the form of a request; a second call gives the same one, whatever its limits.

    Args:
        scope: The ASGI scope, which keeps the form and closes its files at the end of the request.
        receive: The ASGI callable that delivers the body.
        max_body_bytes: Largest body without files, and most that the fields beside files may hold, in bytes.
        limits: What is accepted; None takes the settings.

    Raises:
        BadRequest: The form is malformed (400).
        PayloadTooLarge: A limit is passed (413).
        UnsupportedMediaType: The body is no form (415).
        ClientDisconnectedError: The client went away before the end.
        BodyConsumedError: The body was read piece by piece before.
    """
    found = scope.get(_FORM)
    if found is None:
        # form() and files() may be awaited side by side, and the body comes once.
        async with scope.setdefault(_FORM_LOCK, asyncio.Lock()):
            found = scope.get(_FORM)
            if found is None:
                found = scope[_FORM] = await _read_once(scope, receive, max_body_bytes, limits or form_limits())
    if isinstance(found, Exception):
        raise found
    form: FormData = found
    return form


async def _read_once(
    scope: Scope, receive: Receive, max_body_bytes: int, limits: FormLimits
) -> FormData | HTTPException | ClientDisconnectedError:
    try:
        kind, parameters = _read_content_type(find_header(scope, b"content-type") or b"")
        if kind == _MULTIPART:
            return await _read_multipart(scope, receive, max_body_bytes, limits, parameters)
        body = await read_body(scope, receive, max_body_bytes)
        if kind == _URLENCODED:
            _check_charset(parameters)
            if len(body) < _LONG:
                return FormData(_read_fields(body, limits))
            return FormData(await run_in_thread(_read_fields, body, limits))
        if not body:
            return FormData()
        raise UnsupportedMediaType(f"A form is expected here, as {_URLENCODED} or {_MULTIPART}.")
    except (HTTPException, ClientDisconnectedError) as error:
        return error  # kept, since the body is gone and another call must not find half of it


async def _read_multipart(
    scope: Scope, receive: Receive, max_body_bytes: int, limits: FormLimits, parameters: Mapping[str, str]
) -> FormData:
    # Only a form with files needs the parser and what it imports.
    from openviper.http.multipart import read_boundary, read_multipart

    boundary = read_boundary(parameters)
    pieces = stream_body(scope, receive, max(limits.max_upload_bytes, max_body_bytes))
    form = FormData(await read_multipart(pieces, boundary, limits=limits, max_memory=max_body_bytes))
    if form.uploads:
        scope.setdefault(CLOSERS, []).append(form.close)
    return form


def _read_content_type(field: bytes) -> tuple[str, dict[str, str]]:
    """Split a content type into the type, in lower case, and its parameters.

    Raises:
        BadRequest: It cannot be read in one way only (400).
    """
    text = field.decode("latin-1")
    kind, semicolon, rest = text.partition(";")
    parameters: dict[str, str] = {}
    position, rest = 0, semicolon + rest
    while position < len(rest):
        found = _PARAMETER.match(rest, position)
        if found is None:
            raise BadRequest("The Content-Type of the request is malformed.")
        position = found.end()
        if found[1] is not None:
            name = found[1].lower()
            if name in parameters:
                raise BadRequest(f"The Content-Type of the request has two parameters {name}.")
            parameters[name] = re.sub(r"\\(.)", r"\1", found[2]) if found[2] is not None else found[3]
    return kind.strip().lower(), parameters


def _check_charset(parameters: Mapping[str, str]) -> None:
    charset = parameters.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType("A form is read as UTF-8, and its Content-Type names another charset.")


def _read_fields(body: bytes, limits: FormLimits) -> list[tuple[str, str | UploadFile]]:
    if body.count(b"&") >= limits.max_fields:
        raise PayloadTooLarge(None, f"The form has more than {limits.max_fields} fields.")
    stray = _STRAY_PERCENT.search(body)
    if stray is not None:
        raise BadRequest(f"The form has a percent sign without two hexadecimal digits at byte {stray.start()}.")
    return [_read_field(field, limits) for field in body.split(b"&") if field]


def _read_field(field: bytes, limits: FormLimits) -> tuple[str, str]:
    name, _, value = (unquote_to_bytes(part) for part in field.replace(b"+", b" ").partition(b"="))
    max_bytes = limits.max_field_bytes
    if len(value) > max_bytes:
        raise PayloadTooLarge(max_bytes, f"A field of the form is larger than {max_bytes} bytes.")
    # In a form with files the name stands in the head of a part, and so may it be as long here.
    if len(name) > limits.max_header_bytes:
        raise PayloadTooLarge(
            limits.max_header_bytes, f"The name of a field of the form is longer than {limits.max_header_bytes} bytes."
        )
    if b"\0" in name or b"\0" in value:
        raise BadRequest("The form has a field with a NUL character.")
    try:
        return name.decode(), value.decode()
    except UnicodeDecodeError as error:
        raise BadRequest("The form has a field that is not UTF-8.") from error

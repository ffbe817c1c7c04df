"""Forms with files, as the test client writes them."""

from collections.abc import Mapping
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest

from openviper import OpenViper
from openviper.http.request import Request
from openviper.http.uploads import UploadFile
from openviper.testing import SyncTestClient, TestClient
from openviper.testing.uploads import Files, encode_form

BYTES = "application/octet-stream"


@pytest.fixture
def app() -> OpenViper:
    app = OpenViper(routes=[], debug=False)

    @app.post("/")
    async def show(request: Request) -> list[list[object]]:
        form = await request.form()
        return [[name, *await describe(value)] for name, value in form.multi_items()]

    return app


async def describe(value: str | UploadFile) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [value.original_filename, value.content_type, (await value.read()).decode()]


async def sent(app: OpenViper, files: Files, **options: Any) -> object:
    response = await TestClient(app).post("/", files=files, **options)
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize(
    ("files", "arrives"),
    [
        ({"a": b"1"}, [["a", "a", BYTES, "1"]]),
        ({"a": "ü"}, [["a", "a", BYTES, "ü"]]),
        ({"a": BytesIO(b"1")}, [["a", "a", BYTES, "1"]]),
        ({"a": ("x.txt", b"1")}, [["a", "x.txt", "text/plain", "1"]]),
        ({"a": ("x.txt", BytesIO(b"1"), "image/png")}, [["a", "x.txt", "image/png", "1"]]),
        ({"a": [b"1", ("b", b"2")]}, [["a", "a", BYTES, "1"], ["a", "b", BYTES, "2"]]),
        ([("a", ("x", b"1")), ("b", ("y", b"2"))], [["a", "x", BYTES, "1"], ["b", "y", BYTES, "2"]]),
        ({'q"\r\n': ('"\r\n.txt', b"1")}, [['q"\r\n', '"\r\n.txt', "text/plain", "1"]]),
        ({"a": ("../ü.txt", b"1")}, [["a", "../ü.txt", "text/plain", "1"]]),
    ],
)
async def test_file_arrives_as_it_was_given(app: OpenViper, files: Files, arrives: object) -> None:
    """Every way of giving a file reaches the handler, with a name and a type."""
    assert await sent(app, files) == arrives


async def test_open_file_has_its_name(app: OpenViper, tmp_path: Path) -> None:
    """A file from the disk is sent under its own name, without the folder."""
    (tmp_path / "a.csv").write_bytes(b"1,2")
    with (tmp_path / "a.csv").open("rb") as file:
        assert await sent(app, {"table": file}) == [["table", "a.csv", "text/csv", "1,2"]]


async def test_fields_stand_beside_files(app: OpenViper) -> None:
    """The data of a form comes first, values as in a form without files."""
    data: Mapping[str, Any] = {"title": "Viper", "tags": ["a", "b"], "draft": True}
    assert await sent(app, {"a": ("x.txt", b"1")}, data=data) == [
        ["title", "Viper"],
        ["tags", "a"],
        ["tags", "b"],
        ["draft", "true"],
        ["a", "x.txt", "text/plain", "1"],
    ]
    assert await sent(app, {}, data={"title": "Viper"}) == [["title", "Viper"]]


async def test_files_go_with_fields_only(app: OpenViper) -> None:
    """A request has one body."""
    with pytest.raises(TypeError, match="json and files were given"):
        await TestClient(app).post("/", files={"a": b"1"}, json={})


def test_plain_functions_send_files_too(app: OpenViper) -> None:
    """The client for plain functions takes the same argument."""
    with SyncTestClient(app) as client:
        assert client.post("/", files={"a": ("x.txt", b"1")}).json() == [["a", "x.txt", "text/plain", "1"]]


@pytest.mark.parametrize("content", [1, None, StringIO("text"), Path("a")])
def test_content_of_another_kind_is_refused(content: Any) -> None:
    """The error names the field and what would do."""
    with pytest.raises(TypeError, match="the file 'a' is"):
        encode_form([], {"a": content})


def test_every_form_has_a_boundary_of_its_own() -> None:
    """No content can guess it."""
    assert encode_form([], {"a": b"1"}) != encode_form([], {"a": b"1"})

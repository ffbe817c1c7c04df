"""What is told beside an error."""

import platform

import pytest

from openviper._version import __version__
from openviper.conf import settings
from openviper.middleware.debug.facts import request_facts, settings_facts, show_path, version_facts
from openviper.types import Scope


def _scope(**values: object) -> Scope:
    return {"type": "http", "method": "GET", "path": "/books/7", "headers": [], **values}


def test_request_is_told_without_its_credentials() -> None:
    """Names stay, values that give access do not."""
    headers = [
        (b"host", b"shop.example"),
        (b"authorization", b"Bearer hunter2"),
        (b"cookie", b"session=hunter2; theme=hunter2"),
        (b"x-api-key", b"hunter2"),
        (b"referer", b"https://ada:hunter2@shop.example/"),
    ]
    facts = request_facts(
        _scope(
            headers=headers,
            query_string=b"page=2&token=hunter2&empty=",
            path_params={"book_id": 7},
            client=("127.0.0.1", 5000),
            user="ada",
        )
    )
    assert "hunter2" not in str(facts)
    assert facts["Query"] == [("page", "'2'"), ("token", "***"), ("empty", "''")]
    assert facts["Path parameters"] == [("book_id", "7")]
    assert facts["Cookies"] == [("session", "***"), ("theme", "***")]
    assert dict(facts["Headers"])["authorization"] == "Bearer ***"
    assert dict(facts["Request"])["Client"] == "127.0.0.1 port 5000"
    assert dict(facts["Request"])["User"] == "'ada'"


@pytest.mark.parametrize(
    ("path", "parameters", "shown"),
    [
        ("/reset/hunter2/now", {"token": "hunter2"}, "/reset/***/now"),
        ("/reset-hunter2.html", {"token": "hunter2"}, "/reset-***.html"),
        ("/a/abc", {"key": "a"}, "/***/abc"),
        ("/AB12", {"key": "ab12"}, "/***"),
        ("/books/7", {"book_id": 7, "token": ""}, "/books/7"),
    ],
)
def test_secret_in_the_path_is_hidden(path: str, parameters: dict[str, object], shown: str) -> None:
    """A parameter with the name of a secret is hidden in the path too, and nothing around it."""
    facts = request_facts(_scope(path=path, path_params=parameters))
    assert dict(facts["Request"])["Path"] == show_path(_scope(path=path, path_params=parameters)) == shown


def test_request_with_next_to_nothing_is_told() -> None:
    """What is not there has no row, and no table."""
    assert list(request_facts(_scope())) == ["Request"]


def test_malformed_request_is_told() -> None:
    """Bytes that are no text, broken escapes and endless lists do not keep the rest from being told."""
    facts = request_facts(
        _scope(headers=[(b"\xff\xfe", b"\x00\xff")] * 500, query_string=b"%ff=%zz&" * 500, path="/\udcff")
    )
    assert len(facts["Headers"]) == len(facts["Query"]) == 60
    long = request_facts(_scope(query_string=b"x" * 100_000, path="/" + "x" * 100_000))
    assert max(len(part) for rows in long.values() for row in rows for part in row) <= 2000


def test_settings_are_told_without_secrets() -> None:
    """Every setting has a row; what the settings hide is hidden."""
    settings.configure(SECRET_KEY="hunter2" * 8, DATABASE_URL="postgres://shop:hunter2@db/shop")
    facts = dict(settings_facts())
    assert facts["SECRET_KEY"] == "***"
    assert "hunter2" not in str(facts)
    assert facts["DEBUG"] == str(settings.DEBUG)
    assert set(facts) == set(settings.as_dict())


def test_settings_that_nobody_has_read_are_not_loaded() -> None:
    """An error before the settings is told without them."""
    settings.reset()
    assert settings_facts() == []
    assert not settings.is_loaded


def test_versions_are_told() -> None:
    """The framework, Python and the system."""
    facts = dict(version_facts())
    assert facts["OpenViper"] == __version__
    assert platform.python_version() in facts["Python"]

"""Header fields of requests and responses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.http.headers import Headers, MutableHeaders, encode_content_type, encode_header


def test_names_are_found_in_any_case_and_the_first_value_counts() -> None:
    """A repeated field gives its first value by name and all of them by getlist."""
    headers = Headers([(b"accept", b"a"), (b"x-id", b"1"), (b"accept", b"b")])

    assert headers["Accept"] == headers.get("ACCEPT") == "a"
    assert headers.getlist("accept") == ["a", "b"]
    assert headers.getlist("absent") == []
    assert "X-Id" in headers
    assert "absent" not in headers
    assert headers.get("absent") is None
    assert headers.get("absent", "-") == "-"
    assert list(headers) == ["x-id", "accept"] or set(headers) == {"x-id", "accept"}
    assert list(headers.items()) == [("accept", "a"), ("x-id", "1"), ("accept", "b")]
    assert len(headers) == 2
    assert len(headers.items()) == 3
    with pytest.raises(KeyError):
        headers["absent"]


def test_values_are_not_shown_by_repr() -> None:
    """A dump of the headers holds no credentials."""
    assert "secret" not in repr(Headers([(b"authorization", b"Bearer secret")]))
    assert "authorization" in repr(Headers([(b"authorization", b"Bearer secret")]))


def test_changes_reach_the_list_that_was_given() -> None:
    """Setting replaces every field of the name, append adds one, delete removes all."""
    raw = [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]
    headers = MutableHeaders(raw)

    headers["A"] = "4"
    headers.append("c", "5")
    assert headers.setdefault("c", "6") == "5"
    assert headers.setdefault("d", "7") == "7"
    del headers["B"]

    assert raw == [(b"a", b"4"), (b"c", b"5"), (b"d", b"7")]
    assert headers["a"] == "4"
    with pytest.raises(KeyError):
        del headers["b"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x", "a\r\nset-cookie: b"),
        ("x", "a\nb"),
        ("x", "a\0"),
        ("x", "a\x01"),
        ("x", "a\x7f"),
        ("x", " a"),
        ("x", "a\t"),
        ("x y", "a"),
        ("", "a"),
        ("x:", "a"),
        ("x", "€"),
        ("ü", "a"),
    ],
)
def test_field_that_could_start_another_is_refused(name: str, value: str) -> None:
    """No name or value that would change the shape of the message is sent."""
    headers = MutableHeaders([])
    with pytest.raises(ValueError, match="header"):
        headers[name] = value
    with pytest.raises(ValueError, match="header"):
        headers.append(name, value)
    assert headers.raw == []


@given(st.text())
def test_whatever_is_encoded_holds_no_line_break(value: str) -> None:
    """For any text, either the field is refused or it is one line."""
    try:
        _, content = encode_header("x", value)
    except ValueError:
        return
    assert not {b"\r", b"\n", b"\0"} & {content[i : i + 1] for i in range(len(content))}


def test_text_types_name_their_encoding() -> None:
    """The charset is added once, and to text only."""
    assert encode_content_type("text/html")[1] == b"text/html; charset=utf-8"
    assert encode_content_type("text/html; charset=latin-1")[1] == b"text/html; charset=latin-1"
    assert encode_content_type("text/html; Charset=latin-1")[1] == b"text/html; Charset=latin-1"
    assert encode_content_type("Text/HTML")[1] == b"Text/HTML; charset=utf-8"
    assert encode_content_type("application/json")[1] == b"application/json"

"""The name that a client saves a download under."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.http.disposition import format_disposition


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("report.pdf", 'attachment; filename="report.pdf"'),
        ("my report.pdf", 'attachment; filename="my report.pdf"'),
        ("Überblick.pdf", "attachment; filename=\"_berblick.pdf\"; filename*=UTF-8''%C3%9Cberblick.pdf"),
        ("日本.txt", "attachment; filename=\"__.txt\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.txt"),
        ('a"b.txt', "attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%22b.txt"),
        ("100%.txt", "attachment; filename=\"100_.txt\"; filename*=UTF-8''100%25.txt"),
        ("../../etc/passwd", 'attachment; filename="passwd"'),
        ("C:\\temp\\a.txt", 'attachment; filename="a.txt"'),
        ("a\r\nSet-Cookie: b", 'attachment; filename="a__Set-Cookie: b"'),
        ("a\ud800.txt", 'attachment; filename="a_.txt"'),
        ("", 'attachment; filename="download"'),
        ("a/", 'attachment; filename="download"'),
    ],
)
def test_names_of_every_script_are_written(name: str, expected: str) -> None:
    """A plain name is quoted, another one has an extended form beside it (RFC 6266, RFC 8187)."""
    assert format_disposition("attachment", name) == expected


@given(st.text(max_size=60))
def test_any_name_gives_one_field(name: str) -> None:
    """Nothing in a name ends the field or leaves ASCII."""
    field = format_disposition("inline", name)
    assert re.fullmatch(r"inline; filename=\"[ -~]*\"(; filename\*=UTF-8''[A-Za-z0-9!#$&+.^_`|~%-]+)?", field)
    assert field.count('"') == 2

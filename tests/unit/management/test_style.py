"""Colours, and where they are left out."""

import io

import pytest

from openviper.management.style import is_coloured, paint, write_text


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_terminal_is_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text for a terminal carries the codes of its style and ends them."""
    monkeypatch.setenv("TERM", "xterm")

    assert paint("done", "green", Terminal()) == "\x1b[32mdone\x1b[0m"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_terminal_without_colours_gets_plain_text(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """``NO_COLOR`` and a dumb terminal leave text as it is."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(name, value)

    assert paint("done", "green", Terminal()) == "done"


def test_pipe_gets_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no terminal gets text without codes; an empty ``NO_COLOR`` counts as none."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "")

    assert paint("done", "green", io.StringIO()) == "done"
    assert is_coloured(Terminal())


def test_encoding_that_cannot_carry_text_gets_escapes() -> None:
    """Text that a stream's encoding lacks is escaped, not an error: nothing needs a UTF-8 locale."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")

    write_text(stream, "café\n")
    stream.flush()

    assert raw.getvalue() == b"caf\\xe9\n"
